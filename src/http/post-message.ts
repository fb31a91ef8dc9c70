import { render } from '../domain/answer.ts'
import { type Failure, isFailure } from '../domain/errors.ts'
import type { Credential } from '../domain/tenant.ts'
import { isPending } from '../pipeline/chain.ts'
import type { Reply } from '../pipeline/reply.ts'
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
  readonly credential?: Credential | undefined
  readonly phoneNumberId?: string | undefined
}

/** What came of a request that is answered with `fault`, and what is known of the caller. */
export const refused = (
  fault: Failure,
  requestId: string,
  credential?: Credential,
  phoneNumberId?: string,
): Handled => ({ reply: { answer: render(fault, requestId) }, credential, phoneNumberId })

export interface PostPorts extends AuthenticatePorts, SendPorts {}

/**
 * `POST /v1/{phone_number_id}/messages` from its bytes to its reply, in the order of interface §6: size,
 * authenticate, scope and number, content type, key, parse, validate and normalise, then the pipeline.
 */
export async function postMessage(ports: PostPorts, inbound: Inbound): Promise<Handled> {
  const { requestId, phoneNumberId } = inbound
  const receiving = inbound.body()
  const bytes = isPending(receiving) ? await receiving : receiving
  if (!(bytes instanceof Uint8Array)) return refused(bytes, requestId)

  const authenticating = authenticate(ports, inbound.header('authorization'))
  const credential = isPending(authenticating) ? await authenticating : authenticating
  if (isFailure(credential)) return refused(credential, requestId)
  const mayNot = authorize(credential, 'messages:send', phoneNumberId)
  if (mayNot !== undefined) return refused(mayNot, requestId, credential)

  const refuse = (fault: Failure) => refused(fault, requestId, credential, phoneNumberId)
  const unread = checkMediaType(inbound.header('content-type'), inbound.header('content-encoding'))
  if (unread !== undefined) return refuse(unread)
  const keyHeader = inbound.header('idempotency-key')
  const clientKey = keyHeader === undefined ? undefined : readIdempotencyKey(keyHeader)
  if (isFailure(clientKey)) return refuse(clientKey)
  const message = readMessage(bytes, {
    defaultCountry: credential.tenant.defaultCountry,
    replyButtonsAs: ports.replyButtonsAs,
  })
  if (isFailure(message)) return refuse(message)

  const reply = await send(ports, { requestId, credential, phoneNumberId, message, clientKey })
  return { reply, credential, phoneNumberId }
}
