import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../src/node.ts'
import { faults } from '../../src/sandbox/faults.ts'
import { type RunningSandbox, serveSandbox } from '../../src/sandbox/serve.ts'
import { acmeNumber, config, gatewaySecret, keyOf, organisations, secrets, text } from './fixture.ts'
import { openConnection, type RawConnection } from './raw-http.ts'

/** A gateway on a real socket in front of a sandbox, both in this process. */
export interface LocalGateway {
  readonly url: string
  readonly sandbox: RunningSandbox
  /** What was logged so far. */
  log(): string
  open(): RawConnection
  close(): Promise<void>
}

/** How long the sandbox takes for `slowRecipient`. */
export const SLOW_MS = 150

const slow = faults.find(({ act }) => act.kind === 'accept' && act.slow)
if (slow === undefined) throw new Error('the sandbox has no slow recipient')

/** Messages to this number are accepted late. */
export const slowRecipient = slow.number

/** A sandbox that knows the fixture's accounts and never limits their rate. */
export const startSandbox = (slowMs = SLOW_MS): Promise<RunningSandbox> =>
  serveSandbox({ organisations, writePerMinute: 1_000_000, readPerMinute: 1_000_000, slowMs })

export async function startLocalGateway(): Promise<LocalGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  const sandbox = await startSandbox()
  const path = join(folder, 'config.json')
  await writeFile(path, JSON.stringify(config(sandbox.baseUrl)))
  const lines: string[] = []
  const variables = { ...secrets, GATEWAY_CONFIG: path, GATEWAY_SECRET: gatewaySecret, PORT: '0' }
  const started = await startGateway(variables, { write: (line) => lines.push(line) })
  if (!started.ok) throw new Error(JSON.stringify(started.faults))
  const { url, drain } = started.running
  return {
    url,
    sandbox,
    log: () => lines.join(''),
    open: () => openConnection(Number(new URL(url).port)),
    async close() {
      await drain()
      await sandbox.close()
      await rm(folder, { recursive: true })
    },
  }
}

export const messagesPath = `/v1/${acmeNumber}/messages`

export interface RequestParts {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Null: no such line. */
  readonly host?: string | null
  /** Null: no such line. */
  readonly authorization?: string | null
  /** Further header lines, without their ends. */
  readonly lines?: readonly string[]
  /** Null: neither a body nor lines about it. */
  readonly body?: string | null
  /** The body in chunks of this many bytes; declared as a whole unless told. */
  readonly chunks?: number
}

/** The bytes of a request, as latin1 text: a POST that sends a message, where nothing else is told. */
export function requestText(parts: RequestParts = {}): string {
  const { method = 'POST', target = messagesPath, version = '1.1', host = 'gateway.test', chunks } = parts
  const { authorization = `Bearer ${keyOf('billing')}`, body = JSON.stringify(text()) } = parts
  const lines = [`${method} ${target} HTTP/${version}`]
  if (host !== null) lines.push(`Host: ${host}`)
  if (authorization !== null) lines.push(`Authorization: ${authorization}`)
  if (body !== null) {
    lines.push('Content-Type: application/json')
    lines.push(chunks === undefined ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked')
  }
  lines.push(...(parts.lines ?? []), '', '')
  const head = lines.join('\r\n')
  if (body === null) return head
  return head + (chunks === undefined ? body : chunked(body, chunks))
}

/** `body` in the chunked transfer coding, its end included. */
export function chunked(body: string, size: number): string {
  const pieces: string[] = []
  for (let at = 0; at < body.length; at += size) {
    const piece = body.slice(at, at + size)
    pieces.push(`${piece.length.toString(16)}\r\n${piece}\r\n`)
  }
  return `${pieces.join('')}0\r\n\r\n`
}

/** The text of a request for a public route that says that the process is alive. */
export const healthText = (parts: RequestParts = {}): string =>
  requestText({ method: 'GET', target: '/healthz', authorization: null, body: null, ...parts })
