import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** One request as it came over the wire. */
export interface LoggedRequest {
  /** Epoch ms of its arrival. */
  readonly at: number
  readonly method: string
  /** Path and query as sent. */
  readonly path: string
  /** Names and values in the order and spelling of the wire; `authorization` as `sha256:` + 12 hex digits. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** UTF-8 text, at most the first 256 KiB. */
  readonly body: string
  /** Status of the answer; null when none went out (yet), or when it was no HTTP. */
  readonly status: number | null
}

/** Filled in while the request is handled. */
export interface LogEntry {
  body: Buffer
  status: number | null
}

export interface RequestLog {
  add(incoming: IncomingMessage, at: number): LogEntry
  /** The last `count` requests, oldest first. */
  last(count: number): LoggedRequest[]
}

const capacity = 1000
const maxBodyBytes = 262_144

/** A ring of the last 1000 requests. They are rendered only when they are asked for, to keep load tests fast. */
export function createRequestLog(): RequestLog {
  const ring: (LogEntry & { at: number; incoming: Wire })[] = []
  /** Where the next entry goes once the ring is full: at its oldest. */
  let oldest = 0
  return {
    add({ method = '', url = '', rawHeaders }, at) {
      const entry = { at, incoming: { method, url, rawHeaders }, body: Buffer.alloc(0), status: null }
      ring[ring.length < capacity ? ring.length : oldest++ % capacity] = entry
      return entry
    },
    last(count) {
      const start = oldest % capacity
      const inOrder = [...ring.slice(start), ...ring.slice(0, start)]
      return (count > 0 ? inOrder.slice(-count) : []).map(({ at, incoming, body, status }) => ({
        at,
        method: incoming.method,
        path: incoming.url,
        headers: pairs(incoming.rawHeaders),
        body: body.subarray(0, maxBodyBytes).toString('utf8'),
        status,
      }))
    },
  }
}

interface Wire {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    found.push([name, name.toLowerCase() === 'authorization' ? fingerprint(value) : value])
  }
  return found
}

/** A token must not be readable in a log, yet a test has to see which one arrived. */
const fingerprint = (value: string): string => `sha256:${hash('sha256', value).slice(0, 12)}`
