import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../domain/errors.ts'
import { type AppPorts, MESSAGES_ROUTE } from '../http/app.ts'
import { failedInside, internalError } from '../http/failed-inside.ts'
import { requestFinished } from '../http/observe.ts'
import { type Handled, type Inbound, type InboundHeader, postMessage, refused } from '../http/post-message.ts'
import { brokeOff, declaresTooMuch } from '../http/receive.ts'
import { replyHeaders } from '../http/reply.ts'
import type { Fields } from './fields.ts'

/** Takes the request and answers it; false: it must go the way of the app, and nothing was done with it. */
export type DirectPost = (incoming: IncomingMessage, outgoing: ServerResponse, fields: Fields) => boolean

const messagesPath = /^\/v1\/(\d{1,32})\/messages$/

/**
 * The usual POST of a message straight from Node's message to Node's response. It is the same `postMessage`, gate
 * and telemetry as in the app, without a Request and a Response made for it, which cost more than all the work
 * in between (docs/performance.md). Whatever is unusual about a request goes by the app.
 */
export function createDirectPost(ports: AppPorts): DirectPost {
  return (incoming, outgoing, fields) => {
    if (incoming.method !== 'POST') return false
    const phoneNumberId = messagesPath.exec(incoming.url ?? '')?.[1]
    if (phoneNumberId === undefined) return false
    const { contentLength, transferEncoding, expectsMore } = fields
    if (expectsMore || transferEncoding !== undefined) return false
    if (contentLength === undefined || declaresTooMuch(contentLength)) return false
    const requestId = ports.entropy.id('req')
    void answer(ports, outgoing, fields, new DirectInbound(requestId, phoneNumberId, incoming, fields))
    return true
  }
}

async function answer(
  ports: AppPorts,
  outgoing: ServerResponse,
  { correlationId }: Fields,
  inbound: Inbound,
): Promise<void> {
  const { clock, telemetry } = ports
  const { requestId } = inbound
  const began = clock.monotonic()
  const handled = await handle(ports, inbound)
  const durationMs = clock.monotonic() - began
  const request = { requestId, method: 'POST', route: MESSAGES_ROUTE, correlationId, durationMs }
  telemetry.record(requestFinished(request, handled))
  // A body that broke off was answered meanwhile, and who has gone hears nothing.
  if (outgoing.headersSent || outgoing.destroyed) return
  const { reply } = handled
  const { status, body } = reply.answer
  const headers = replyHeaders(reply, requestId)
  headers['Content-Length'] = String(Buffer.byteLength(body))
  outgoing.writeHead(status, headers)
  outgoing.end(body)
}

async function handle(ports: AppPorts, inbound: Inbound): Promise<Handled> {
  const { gate, maxInFlight, telemetry } = ports
  const { requestId } = inbound
  const turnedAway = gate.enter(maxInFlight)
  if (turnedAway !== undefined) return refused(turnedAway, requestId)
  try {
    return await postMessage(ports, inbound)
  } catch (error) {
    telemetry.record(internalError(error instanceof Error ? error : new Error(), requestId))
    return refused(failedInside, requestId)
  } finally {
    gate.leave()
  }
}

class DirectInbound implements Inbound {
  readonly requestId: string
  readonly phoneNumberId: string
  readonly #incoming: IncomingMessage
  readonly #fields: Fields

  constructor(requestId: string, phoneNumberId: string, incoming: IncomingMessage, fields: Fields) {
    this.requestId = requestId
    this.phoneNumberId = phoneNumberId
    this.#incoming = incoming
    this.#fields = fields
  }

  header(name: InboundHeader): string | undefined {
    switch (name) {
      case 'authorization':
        return this.#fields.authorization
      case 'content-type':
        return this.#fields.contentType
      case 'content-encoding':
        return this.#fields.contentEncoding
      case 'idempotency-key':
        return this.#fields.idempotencyKey
    }
  }

  /** Its declared length is within the cap, and Node's parser holds it to that. */
  body(): Promise<Uint8Array | Failure> {
    return new Promise((resolve) => {
      const incoming = this.#incoming
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const [only] = chunks
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
      })
      // Without a listener for it, Node emits no error for a body that breaks off.
      incoming.on('close', () => resolve(brokeOff))
    })
  }
}
