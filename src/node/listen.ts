import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { type Failure, failure } from '../domain/errors.ts'
import { bareAnswer } from '../http/reply.ts'
import type { Entropy, Telemetry } from '../ports.ts'

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  /** A client gets this long for its headers, and for the whole request. */
  readonly headersTimeoutMs?: number
  readonly requestTimeoutMs?: number
}

export interface Listening {
  /** Where the server can be reached, e.g. `http://127.0.0.1:8787`. */
  readonly url: string
  /** Stops accepting, lets answers under way be written, ends idle connections; after `graceMs` ends all. */
  close(graceMs: number): Promise<void>
}

/** How often Node looks for clients past their time. */
const TIMEOUT_CHECK_MS = 1000
/** Longer than the idle time of common load balancers (60 s), so that they close first. */
const KEEP_ALIVE_MS = 65_000

/** Serves `fetch` on Node. Every answer is an envelope, also where no request could be made of the bytes. */
export function listen(options: ListenOptions): Promise<Listening> {
  const { host, port, fetch, entropy, telemetry } = options
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 30_000 } = options
  const refusal = (fault: Failure) => {
    telemetry.record({ event: 'connection_refused', code: fault.code })
    return bareAnswer(fault, entropy.id('req'))
  }
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node would answer a missing Host without an envelope; the listener below refuses it with one.
      requireHostHeader: false,
    },
    getRequestListener(fetch, {
      // Called for targets and Host headers that no URL can be made of.
      errorHandler: () => {
        const { answer, headers } = refusal(failure('invalid_request'))
        return new Response(answer.body, { status: answer.status, headers })
      },
    }),
  )
  const writing = trackAnswers(server)
  const writeRaw = (socket: Duplex, fault: Failure) => {
    const { answer, headers } = refusal(fault)
    const fields = {
      ...headers,
      'Content-Length': String(Buffer.byteLength(answer.body)),
      Connection: 'close',
    }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines.join('')}\r\n${answer.body}`,
    )
  }

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // An answer under way on this connection belongs to an earlier request: it goes first, and whole.
    const earlier = writing.get(socket)
    if (earlier === undefined) writeRaw(socket, parseFailure(error))
    else
      earlier.once('close', () =>
        socket.writable ? writeRaw(socket, parseFailure(error)) : socket.destroy(),
      )
  })
  server.on('connect', (_request, socket) => writeRaw(socket, failure('method_not_allowed')))
  // Node would answer an unknown expectation with a bare 417; it may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))

  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve({ url: urlOf(server.address() as AddressInfo), close: (graceMs) => close(server, graceMs) })
    })
  })
}

/** The response being written on each connection. */
function trackAnswers(server: Server): WeakMap<Duplex, ServerResponse> {
  const writing = new WeakMap<Duplex, ServerResponse>()
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    writing.set(socket, response)
    response.once('close', () => {
      if (writing.get(socket) === response) writing.delete(socket)
    })
  })
  return writing
}

function parseFailure(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return failure('headers_too_large')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return failure('invalid_request', { message: 'The request did not arrive in time.' })
  }
  return failure('invalid_request')
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
