import type { EpochMs } from '../domain/tenant.ts'
import type { NotSentReason, UnknownReason, UpstreamResult } from '../domain/upstream.ts'
import type { Clock, Gather, UpstreamTransport } from '../ports.ts'
import { MAX_ANSWER_BYTES, readHeaders } from './headers.ts'
import type { Connection, Exchange } from './http1/connection.ts'
import { Connections } from './http1/connections.ts'
import { createSocketOpener } from './http1/open-socket.ts'
import { createRequestWriter, type RequestText } from './http1/request-text.ts'
import type { ResponseParser } from './http1/response-parser.ts'

/** Sockets to the upstream; past this, calls wait for one until their deadline. */
const MAX_CONNECTIONS = 1024

export interface Http1Transport {
  readonly send: UpstreamTransport
  /** Lets running calls end, then closes the sockets. */
  close(): Promise<void>
}

/**
 * The transport of Node: keep-alive sockets, no redirects, no decompression (decision 0018). Once a byte may have
 * been written, a failure is `unknown`. `gather` must go on after the event loop has read from sockets: a request is
 * written only to one that is alive as far as that tells, so a dead keep-alive socket costs no answer.
 */
export function createHttp1Transport(baseUrl: string, clock: Clock, gather: Gather): Http1Transport {
  const base = new URL(baseUrl)
  const writeRequest = createRequestWriter(base)
  const connections = new Connections(createSocketOpener(base, clock), clock, {
    max: MAX_CONNECTIONS,
    maxBodyBytes: MAX_ANSWER_BYTES,
  })
  const dispatch = gather<Call>((call) => call.isOver || connections.dispatch(call))
  const finish = gather<Call>((call) => call.tell())

  return {
    send: (call, deadline) =>
      new Promise((resolve) => {
        if (deadline <= clock.now()) return resolve({ kind: 'not_sent', reason: 'deadline' })
        const request = writeRequest(call)
        if (request === undefined) return resolve({ kind: 'not_sent', reason: 'cannot_connect' })
        dispatch(new Call(request, resolve, clock, deadline, finish))
      }),
    close: () => connections.close(),
  }
}

/** One call; resolves once, with the first thing that is certain. */
class Call implements Exchange {
  readonly request: RequestText
  readonly #resolve: (result: UpstreamResult) => void
  readonly #cancelDeadline: () => void
  readonly #finished: (call: Call) => void
  #connection: Connection | undefined
  #result: UpstreamResult | undefined

  constructor(
    request: RequestText,
    resolve: (result: UpstreamResult) => void,
    clock: Clock,
    deadline: EpochMs,
    finished: (call: Call) => void,
  ) {
    this.request = request
    this.#resolve = resolve
    this.#finished = finished
    this.#cancelDeadline = clock.after(Math.max(0, deadline - clock.now()), () => this.#cutOff())
  }

  get isOver(): boolean {
    return this.#result !== undefined
  }

  writtenTo(connection: Connection): void {
    this.#connection = connection
  }

  answered({ status, fields, body }: ResponseParser, isWhole: boolean): void {
    const headers = readHeaders((name) => fields.get(name))
    this.#finish({ kind: 'answered', status, headers, body: isWhole ? readUtf8(body) : undefined })
  }

  notSent(reason: NotSentReason): void {
    this.#finish({ kind: 'not_sent', reason })
  }

  unknown(reason: UnknownReason): void {
    this.#finish({ kind: 'unknown', reason })
  }

  #cutOff(): void {
    const response = this.#connection?.abandon()
    if (this.#connection === undefined) this.notSent('deadline')
    else if (response !== undefined && response.status > 0) this.answered(response, false)
    else this.unknown('deadline')
  }

  #finish(result: UpstreamResult): void {
    if (this.#result !== undefined) return
    this.#result = result
    this.#cancelDeadline()
    this.#finished(this)
  }

  /** Gives the result to the caller. */
  tell(): void {
    if (this.#result !== undefined) this.#resolve(this.#result)
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The text whose UTF-8 bytes are the characters of `bytes`; undefined: they are no UTF-8. */
function readUtf8(bytes: string): string | undefined {
  if (!/[\x80-\xff]/.test(bytes)) return bytes
  try {
    return decoder.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
