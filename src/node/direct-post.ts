import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../domain/errors.ts'
import { elapsedMs } from '../domain/events.ts'
import { type AppPorts, MESSAGES_ROUTE } from '../http/app.ts'
import { failedInside, internalError } from '../http/failed-inside.ts'
import { requestFinished } from '../http/observe.ts'
import { type Handled, type Inbound, type InboundHeader, postMessage, refused } from '../http/post-message.ts'
import { brokeOff, declaresTooMuch } from '../http/receive.ts'
import { replyHeaders } from '../http/reply.ts'
import { createTurn } from '../system/turn.ts'
import type { Fields } from './fields.ts'

/**
 * Takes the request and answers it; `answered` is told when its answer is written. False: it must go the way of the
 * app, and nothing was done with it.
 */
export type DirectPost = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fields: Fields,
  answered: (outgoing: ServerResponse) => void,
) => boolean

const messagesPath = /^\/v1\/(\d{1,32})\/messages$/

/**
 * The usual POST of a message straight from Node's message to Node's response. It is the same `postMessage`, gate
 * and telemetry as in the app, without a Request and a Response made for it, which cost more than all the work
 * in between (docs/performance.md). Whatever is unusual about a request goes by the app.
 */
export function createDirectPost(ports: AppPorts): DirectPost {
  const { clock, entropy, gate, maxInFlight } = ports
  const goOn = createTurn<Post>((post) => void handle(ports, post))

  return (incoming, outgoing, fields, answered) => {
    if (incoming.method !== 'POST') return false
    const phoneNumberId = messagesPath.exec(incoming.url ?? '')?.[1]
    if (phoneNumberId === undefined) return false
    const { contentLength, transferEncoding, expectsMore } = fields
    if (expectsMore || transferEncoding !== undefined) return false
    if (contentLength === undefined || declaresTooMuch(contentLength)) return false

    const turnedAway = gate.enter(maxInFlight)
    const post = new Post(
      entropy.id('req'),
      phoneNumberId,
      fields,
      clock.monotonic(),
      turnedAway,
      outgoing,
      answered,
    )
    if (turnedAway === undefined) post.receive(incoming, goOn)
    else goOn(post)
    return true
  }
}

async function handle(ports: AppPorts, post: Post): Promise<void> {
  const { requestId, turnedAway } = post
  if (turnedAway !== undefined) return answer(ports, post, refused(turnedAway, requestId))
  let handled: Handled
  try {
    handled = await postMessage(ports, post)
  } catch (error) {
    ports.telemetry.record(internalError(error instanceof Error ? error : new Error(), requestId))
    handled = refused(failedInside, requestId)
  }
  ports.gate.leave()
  answer(ports, post, handled)
}

function answer({ clock, telemetry }: AppPorts, post: Post, handled: Handled): void {
  const { requestId, outgoing, fields, began } = post
  const durationMs = elapsedMs(began, clock.monotonic())
  const { correlationId } = fields
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
  post.answered(outgoing)
}

/** One POST, whose body is received before anything else is done with it. */
class Post implements Inbound {
  readonly requestId: string
  readonly phoneNumberId: string
  readonly fields: Fields
  /** When it came, on the monotonic clock. */
  readonly began: number
  /** Why it was not let in; undefined: it was, and must `leave` the gate. */
  readonly turnedAway: Failure | undefined
  readonly outgoing: ServerResponse
  readonly answered: (outgoing: ServerResponse) => void
  #received: Uint8Array | Failure | undefined

  constructor(
    requestId: string,
    phoneNumberId: string,
    fields: Fields,
    began: number,
    turnedAway: Failure | undefined,
    outgoing: ServerResponse,
    answered: (outgoing: ServerResponse) => void,
  ) {
    this.requestId = requestId
    this.phoneNumberId = phoneNumberId
    this.fields = fields
    this.began = began
    this.turnedAway = turnedAway
    this.outgoing = outgoing
    this.answered = answered
  }

  /** Its declared length is within the cap, and Node's parser holds it to that. */
  receive(incoming: IncomingMessage, goOn: (post: Post) => void): void {
    let first: Buffer | undefined
    let chunks: Buffer[] | undefined
    const done = (received: Uint8Array | Failure): void => {
      if (this.#received !== undefined) return
      this.#received = received
      goOn(this)
    }
    incoming.on('data', (chunk: Buffer) => {
      if (first === undefined) first = chunk
      else if (chunks === undefined) chunks = [first, chunk]
      else chunks.push(chunk)
    })
    incoming.on('end', () => done(chunks === undefined ? (first ?? noBytes) : Buffer.concat(chunks)))
    // Without a listener for it, Node emits no error for a body that breaks off.
    incoming.on('close', () => done(brokeOff))
  }

  body(): Uint8Array | Failure {
    return this.#received ?? noBytes
  }

  header(name: InboundHeader): string | undefined {
    switch (name) {
      case 'authorization':
        return this.fields.authorization
      case 'content-type':
        return this.fields.contentType
      case 'content-encoding':
        return this.fields.contentEncoding
      case 'idempotency-key':
        return this.fields.idempotencyKey
    }
  }
}

const noBytes = new Uint8Array()
