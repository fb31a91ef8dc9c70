import { render } from '../domain/answer.ts'
import { type Failure, isFailure } from '../domain/errors.ts'
import type { Credential } from '../domain/tenant.ts'
import type { Reply } from '../pipeline/exchange.ts'
import { type SendPorts, send } from '../pipeline/send.ts'
import type { MaybePromise } from '../ports.ts'
import { type AuthenticatePorts, authenticate, authorize } from './authenticate.ts'
import { checkMediaType, readIdempotencyKey, readMessage } from './validate.ts'

export type InboundHeader = 'authorization' | 'content-type' | 'content-encoding' | 'idempotency-key'

/** What the line of a POST reads of an HTTP request, whichever server carries it. */
export interface Inbound {
  readonly requestId: string
  /** As it stands in the path. */
  readonly phoneNumberId: string
  /** By lower-case name; several of one name arrive joined by ", ". */
  header(name: InboundHeader): string | undefined
  /** The bounded body. */
  body(): MaybePromise<Uint8Array | Failure>
}

/** What came of a request, and what telemetry is told about it besides. */
export interface Handled {
  readonly reply: Reply
  readonly credential?: Credential
  readonly phoneNumberId?: string
}

/** What came of a request that is answered with `fault`; `known` is what telemetry is told of the caller. */
export const refused = (fault: Failure, requestId: string, known?: Omit<Handled, 'reply'>): Handled => ({
  reply: { answer: render(fault, requestId) },
  ...known,
})

export interface PostPorts extends AuthenticatePorts, SendPorts {}

/**
 * `POST /v1/{phone_number_id}/messages` from its bytes to its reply, in the order of interface §6: size,
 * authenticate, scope and number, content type, key, parse, validate and normalise, then the pipeline.
 */
export async function postMessage(ports: PostPorts, inbound: Inbound): Promise<Handled> {
  const { requestId, phoneNumberId } = inbound
  const refuse = (fault: Failure, known?: Omit<Handled, 'reply'>) => refused(fault, requestId, known)

  const bytes = await inbound.body()
  if (isFailure(bytes)) return refuse(bytes)

  const credential = await authenticate(ports, inbound.header('authorization'))
  if (isFailure(credential)) return refuse(credential)
  const mayNot = authorize(credential, 'messages:send', phoneNumberId)
  if (mayNot !== undefined) return refuse(mayNot, { credential })

  const known = { credential, phoneNumberId }
  const unread = checkMediaType(inbound.header('content-type'), inbound.header('content-encoding'))
  if (unread !== undefined) return refuse(unread, known)
  const keyHeader = inbound.header('idempotency-key')
  const clientKey = keyHeader === undefined ? undefined : readIdempotencyKey(keyHeader)
  if (isFailure(clientKey)) return refuse(clientKey, known)
  const message = readMessage(bytes, {
    defaultCountry: credential.tenant.defaultCountry,
    replyButtonsAs: ports.replyButtonsAs,
  })
  if (isFailure(message)) return refuse(message, known)

  const submission = { requestId, credential, phoneNumberId, message }
  const reply = await send(ports, clientKey === undefined ? submission : { ...submission, clientKey })
  return { reply, ...known }
}
