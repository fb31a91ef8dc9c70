import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Failure, failure } from '../domain/errors.ts'
import { oncePer } from '../domain/once-per.ts'
import type { Entropy, Telemetry } from '../ports.ts'
import type { DirectPost } from './direct-post.ts'
import { readFields } from './fields.ts'
import { brokeOff, isFaulty, keepKeysApart, parseFailure } from './framing.ts'
import { createRefusals, type Refusals } from './refusals.ts'

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** The short way of the usual POST; see `direct-post.ts`. */
  readonly direct?: DirectPost
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  /** A client gets this long for its headers, and for the whole request. */
  readonly headersTimeoutMs?: number
  readonly requestTimeoutMs?: number
  /** A client gets this long to take in its answer. */
  readonly answerTimeoutMs?: number
  /** How long a connection may stay open without a request. */
  readonly idleTimeoutMs?: number
}

export interface Listening {
  /** Where the server can be reached, e.g. `http://127.0.0.1:8787`. */
  readonly url: string
  /** Stops accepting, lets answers under way be written, ends idle connections; after `graceMs` ends all. */
  close(graceMs: number): Promise<void>
}

/** How often Node looks for clients past their time. */
const TIMEOUT_CHECK_MS = 1000
/** Connections that wait to be taken: a client that finds no room tries again after a second. */
const BACKLOG = 4096
/** Longer than the idle time of common load balancers (60 s), so that they close first. */
const IDLE_MS = 65_000

/** Serves `fetch` on Node. Every answer is an envelope, also where no request could be made of the bytes. */
export function listen(options: ListenOptions): Promise<Listening> {
  const { host, port, fetch, direct = () => false, entropy, telemetry } = options
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 30_000 } = options
  const { answerTimeoutMs = 30_000, idleTimeoutMs = IDLE_MS } = options
  const refusals = createRefusals(entropy, telemetry)
  const answer = async (request: Request): Promise<Response> => {
    try {
      return await fetch(request)
    } catch {
      return refusals.asResponse(failure('internal_error', { outcome: 'unknown' }))
    }
  }
  const handle = getRequestListener(
    async (request, { outgoing }) => {
      const response = await answer(request)
      // A body that broke off was answered meanwhile.
      return outgoing.headersSent ? RESPONSE_ALREADY_SENT : response
    },
    {
      // The name of a caller of HTTP/1.0 that gives none; nothing depends on it.
      hostname: 'localhost',
      // Called for targets and Host headers that no URL can be made of.
      errorHandler: () => refusals.asResponse(failure('invalid_request')),
    },
  )
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs),
    keepAliveTimeout: idleTimeoutMs,
    // Node would answer a missing Host without an envelope; `isFaulty` sees to it.
    requireHostHeader: false,
  })
  // Node would pass over the headers beyond the first 2000, a key among them; 16 KiB is limit enough.
  server.maxHeadersCount = 0
  // A caller that has ended its side still waits for its answer (RFC 9112 §9.6). Node has it, but untyped.
  Object.assign(server, { httpAllowHalfOpen: true })

  const connectionOf = oncePer((_socket: Duplex): Connection => ({ latest: undefined, isEnding: false }))
  const watch = (response: ServerResponse): void => {
    const { socket } = response
    if (socket !== null && response.writableEnded) endWhenStuck(response, socket, answerTimeoutMs)
    else response.once('prefinish', () => endWhenStuck(response, response.req.socket, answerTimeoutMs))
  }

  server.on('request', (request, response) => {
    const connection = connectionOf(request.socket)
    if (connection.isEnding) return
    connection.latest = response
    const fields = readFields(request.rawHeaders)
    if (isFaulty(request.httpVersion, fields)) {
      connection.isEnding = true
      watch(response)
      refusals.through(response, failure('invalid_request'))
      return
    }
    if (direct(request, response, fields, watch)) return
    watch(response)
    keepKeysApart(request)
    void handle(request, response)
  })
  // Node would answer an unknown expectation with a bare 417; it may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const refuse = (socket: Duplex, fault: Failure) => {
    const connection = connectionOf(socket)
    if (connection.isEnding) return
    connection.isEnding = true
    // An answer that is already decided upon is written first.
    setImmediate(() => refuseBytes(refusals, socket, connection.latest, fault))
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    else refuse(socket, parseFailure(error))
  })
  server.on('connection', (socket) => {
    // Where a request asked for an upgrade, Node is silent about a body that broke off.
    socket.once('end', () => {
      if (connectionOf(socket).latest?.req.complete === false) refuse(socket, brokeOff)
    })
  })
  server.on('connect', (_request, socket) => {
    // Node takes its own listeners away: without one, a reset would end the process.
    socket.on('error', () => socket.destroy())
    const connection = connectionOf(socket)
    if (connection.isEnding) return
    connection.isEnding = true
    afterAnswer(connection.latest, () =>
      refusals.onto(socket, failure('method_not_allowed'), 'GET, HEAD, POST'),
    )
  })

  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve({ url: urlOf(server.address() as AddressInfo), close: (graceMs) => close(server, graceMs) })
    })
  })
}

/** What is kept of a connection. */
interface Connection {
  /** The answer to its latest request; `req` is the request. */
  latest: ServerResponse | undefined
  /** It ends with a refusal: nothing more is taken from it. */
  isEnding: boolean
}

/** Refuses bytes that are no HTTP. Answers go out whole, in the order of their requests, one for each. */
function refuseBytes(
  refusals: Refusals,
  socket: Duplex,
  latest: ServerResponse | undefined,
  fault: Failure,
): void {
  if (latest === undefined || latest.req.complete) {
    // The bytes came after the latest request.
    afterAnswer(latest, () => refusals.onto(socket, fault))
  } else if (latest.headersSent) {
    // They are the rest of a request that was answered early.
    afterAnswer(latest, () => socket.destroy())
  } else {
    // The app waits for the rest of the body: it has to learn that there is none.
    latest.once('close', () => latest.req.destroy())
    refusals.through(latest, fault)
  }
}

function afterAnswer(latest: ServerResponse | undefined, proceed: () => void): void {
  if (latest === undefined || latest.writableFinished) proceed()
  else latest.once('close', proceed)
}

/** Gives an answer that is written, but not all taken in, `ms`. What is left is thrown away with the connection. */
function endWhenStuck(response: ServerResponse, socket: Socket, ms: number): void {
  if (socket.writableLength === 0) return
  const stuck = setTimeout(() => socket.resetAndDestroy(), ms)
  response.once('close', () => clearTimeout(stuck))
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
