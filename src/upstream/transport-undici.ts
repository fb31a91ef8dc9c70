import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, errors } from 'undici'
import type { EpochMs } from '../domain/tenant.ts'
import type { UpstreamCall, UpstreamHeaders, UpstreamResult } from '../domain/upstream.ts'
import type { Clock, Gather, UpstreamTransport } from '../ports.ts'
import { createConnections } from './connections-undici.ts'
import { MAX_ANSWER_BYTES, readHeaders, requestHeaders } from './headers.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Sockets to the upstream; past this, calls wait for one until their deadline. */
const MAX_CONNECTIONS = 1024

export interface UndiciTransport {
  readonly send: UpstreamTransport
  /** Lets running calls end, then closes the sockets. */
  close(): Promise<void>
}

/**
 * The transport of Node: pooled keep-alive sockets, no redirects, no decompression. undici writes a request
 * only to a socket it has just seen alive, so a dead keep-alive socket costs no answer; once a byte may have
 * been written, a failure is `unknown`. Results are told through `gather`.
 */
export function createUndiciTransport(
  baseUrl: string,
  clock: Clock,
  gather: Gather = (proceed) => proceed,
): UndiciTransport {
  const base = new URL(baseUrl)
  const prefix = base.pathname.replace(/\/$/, '')
  const connections = createConnections(base.origin, MAX_CONNECTIONS, {
    connect: { timeout: CONNECT_TIMEOUT_MS },
    // The deadline below covers the whole call.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  const dispatch = (call: UpstreamCall, exchange: Exchange): void => {
    const { method, path, body = null } = call
    const request = { method, path: prefix + path, headers: requestHeaders(call), body }
    try {
      connections.dispatch({ request, handler: exchange })
    } catch {
      exchange.fail(undefined)
    }
  }

  const finish = gather<Exchange>((exchange) => exchange.tell())

  return {
    send: (call, deadline) =>
      new Promise((resolve) => {
        if (deadline <= clock.now()) return resolve({ kind: 'not_sent', reason: 'deadline' })
        const again = () => dispatch(call, exchange)
        const exchange = new Exchange(resolve, clock, deadline, again, finish)
        dispatch(call, exchange)
      }),
    close: () => connections.close(),
  }
}

/** A failure of an open socket, not of connecting. */
const isSocketFailure = (error: Error | undefined): boolean =>
  error !== undefined && 'syscall' in error && (error.syscall === 'read' || error.syscall === 'write')

const decoder = new TextDecoder('utf-8', { fatal: true })

/** One request on the wire; resolves once, with the first thing that is certain. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (result: UpstreamResult) => void
  readonly #clock: Clock
  readonly #cancelDeadline: () => void
  /** Dispatches the request once more; spent after its first use. */
  #again: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  readonly #finished: (exchange: Exchange) => void
  #result: UpstreamResult | undefined
  #status = 0
  #headers: UpstreamHeaders = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(
    resolve: (result: UpstreamResult) => void,
    clock: Clock,
    deadline: EpochMs,
    again: () => void,
    finish: (exchange: Exchange) => void,
  ) {
    this.#resolve = resolve
    this.#clock = clock
    this.#again = again
    this.#finished = finish
    this.#cancelDeadline = clock.after(Math.max(0, deadline - clock.now()), () => this.#cutOff('deadline'))
  }

  get isOver(): boolean {
    return this.#result !== undefined
  }

  /** undici calls this right before the first byte is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.isOver) controller.abort(new errors.RequestAbortedError())
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = readHeaders((name) => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    })
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_ANSWER_BYTES) this.#cutOff('protocol_error')
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#finish(this.#answered(this.#text()))
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error)
  }

  fail(error: Error | undefined): void {
    if (this.#status > 0) this.#finish(this.#answered(undefined))
    else if (this.#controller === undefined) this.#notWritten(error)
    else {
      const reason = error instanceof errors.HTTPParserError ? 'protocol_error' : 'connection_reset'
      this.#finish({ kind: 'unknown', reason })
    }
  }

  /**
   * Nothing was written. A kept-alive socket that is reset while undici looks whether it is alive fails the
   * waiting request with it; another socket takes it, once the resets that came with this one are read too.
   */
  #notWritten(error: Error | undefined): void {
    const again = this.#again
    if (again !== undefined && isSocketFailure(error)) {
      this.#again = undefined
      this.#clock.after(0, () => this.isOver || again())
      return
    }
    const closed = error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError
    this.#finish({ kind: 'not_sent', reason: closed ? 'connection_closed' : 'cannot_connect' })
  }

  #cutOff(reason: 'deadline' | 'protocol_error'): void {
    if (this.#status > 0) this.#finish(this.#answered(undefined))
    else if (this.#controller === undefined) this.#finish({ kind: 'not_sent', reason: 'deadline' })
    else this.#finish({ kind: 'unknown', reason })
    this.#controller?.abort(new errors.RequestAbortedError())
  }

  #answered(body: string | undefined): UpstreamResult {
    return { kind: 'answered', status: this.#status, headers: this.#headers, body }
  }

  #text(): string | undefined {
    const [first, ...others] = this.#chunks
    try {
      return decoder.decode(others.length === 0 ? first : Buffer.concat(this.#chunks))
    } catch {
      return undefined
    }
  }

  #finish(result: UpstreamResult): void {
    if (this.#result !== undefined) return
    this.#result = result
    this.#cancelDeadline()
    this.#chunks = []
    this.#finished(this)
  }

  /** Gives the result to the caller. */
  tell(): void {
    if (this.#result !== undefined) this.#resolve(this.#result)
  }
}
