import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Secret } from '../../src/domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../../src/domain/upstream.ts'
import { systemClock } from '../../src/system/clock.ts'
import { createTurn } from '../../src/system/turn.ts'
import { createHttp1Transport, type Http1Transport } from '../../src/upstream/transport-http1.ts'

/** One accepted socket and every byte that came over it. */
export interface Line {
  readonly socket: Socket
  /** All bytes so far, read as UTF-8. */
  received(): string
}

/** Called once per complete request on a line; `nth` counts the requests of all lines from 1. */
export type Serve = (line: Line, request: string, nth: number) => void

export interface Wire {
  readonly port: number
  readonly lines: readonly Line[]
  /** Requests that arrived whole. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

const opened: { close(): Promise<void> }[] = []

/** Closes everything that the tests of a file opened; for `afterEach`. */
export async function hangUp(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one.close()
}

/** A server that speaks raw bytes, so that a test can break every rule of HTTP. */
export async function listen(serve: Serve, onLine: (line: Line) => void = () => {}): Promise<Wire> {
  const lines: Line[] = []
  const requests: string[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const chunks: Buffer[] = []
    let answered = 0
    const line: Line = { socket, received: () => Buffer.concat(chunks).toString() }
    lines.push(line)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      for (;;) {
        const rest = Buffer.concat(chunks).subarray(answered)
        const length = requestLength(rest)
        if (length === undefined) return
        answered += length
        const request = rest.subarray(0, length).toString()
        requests.push(request)
        serve(line, request, requests.length)
      }
    })
    onLine(line)
  })
  const wire: Wire = { port: await bind(server), lines, requests, close: () => shut(server, lines) }
  opened.push(wire)
  return wire
}

async function bind(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1', 4096)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}

async function shut(server: Server, lines: readonly Line[]): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  for (const { socket } of lines) socket.destroy()
  await closed
}

/** Bytes of the first request in `bytes`; undefined while it is not complete. */
function requestLength(bytes: Buffer): number | undefined {
  const head = bytes.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const body = /\r\ncontent-length: (\d+)/i.exec(bytes.subarray(0, head).toString())?.[1] ?? '0'
  const length = head + 4 + Number(body)
  return bytes.length >= length ? length : undefined
}

/** A whole HTTP/1.1 answer with its length. */
export const http = (status: string, body: string | Buffer, headers: readonly string[] = []): Buffer =>
  Buffer.concat([
    Buffer.from(
      [`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', ''].join('\r\n'),
    ),
    Buffer.from(body),
  ])

export const ok = (body = '{"data":{}}'): Buffer => http('200 OK', body)

/** A transport to `base`, closed by `hangUp`. */
export function connectTo(base: string): Http1Transport {
  const transport = createHttp1Transport(base, systemClock, createTurn)
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= transport.close()
    return closing
  }
  // A call that a test left unanswered ends when the servers are shut, so closing must not wait for it first.
  opened.unshift({ close })
  return { send: transport.send, close }
}

export const TOKEN = 'kdv_live_CANARY_wire_aaaaaaaaaaaa'

export const post: UpstreamCall = {
  method: 'POST',
  path: '/106540352242922/messages',
  account: 'acme',
  token: new Secret(TOKEN),
  requestId: 'req_01J9ZK3V5QW8R2T4Y6B7C8D9EF',
  idempotencyKey: 'ab'.repeat(32),
  body: '{"type":"text"}',
}

const { body: _body, idempotencyKey: _key, ...bare } = post
export const get: UpstreamCall = { ...bare, method: 'GET', path: '/106540352242922/messages?limit=5' }

/** Sends `call` with `ms` to live. */
export const within = (
  transport: Http1Transport,
  ms: number,
  call: UpstreamCall = post,
): Promise<UpstreamResult> => transport.send(call, systemClock.now() + ms)
