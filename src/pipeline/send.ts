import { canonicalJson, derivedKeyBytes, fingerprintOf, fingerprintText } from '../domain/fingerprint.ts'
import { type Message, type MessageSettings, parseMessage } from '../domain/message.ts'
import type { Credential, Tenant } from '../domain/tenant.ts'
import { jsonObject } from '../domain/upstream-error.ts'
import type { Digest, MaybePromise, Slot } from '../ports.ts'
import { chain } from './chain.ts'
import { writeCharge } from './charges.ts'
import { type ExchangePorts, exchange, leaseMs } from './exchange.ts'
import type { Reply } from './reply.ts'

export interface SendPorts extends ExchangePorts {
  readonly digest: Digest
  readonly replyButtonsAs: MessageSettings['replyButtonsAs']
}

/** A valid request to send, or to mark as read. */
export interface Submission {
  readonly requestId: string
  readonly credential: Credential
  readonly phoneNumberId: string
  readonly message: Message
  /** The caller's `Idempotency-Key`. */
  readonly clientKey?: string | undefined
}

/** How long a duplicate waits for the answer of the request in flight (interface §6). */
const DUPLICATE_WAIT_MS = 30_000

/** One POST: fingerprint, derived key, and the line that every relayed request takes. */
export function send(ports: SendPorts, submission: Submission): MaybePromise<Reply> {
  const { digest, timeoutMs } = ports
  const { requestId, credential, phoneNumberId, message, clientKey } = submission
  const { tenant } = credential
  const { account } = tenant
  const path = `/${phoneNumberId}/messages`
  // The canonical form goes upstream, so that equal fingerprints mean equal bytes there too.
  const body = canonicalJson(message.body)

  const exchangeWith = (slot: Slot | undefined): MaybePromise<Reply> =>
    exchange(ports, {
      operation: message.kind,
      account,
      entry: {
        account: account.id,
        tenant: tenant.id,
        owner: requestId,
        leaseMs: leaseMs(timeoutMs),
        charge: writeCharge(tenant, message.kind === 'send'),
        slot,
      },
      matches: (earlier) => normalisedAgain(earlier, ports, tenant) === body,
      call: (earlier) =>
        chain(digest.hmac(derivedKeyBytes(tenant.id, clientKey ?? ownKey(requestId))), (idempotencyKey) => ({
          method: 'POST' as const,
          path,
          account: account.id,
          token: account.token,
          nextToken: account.nextToken,
          requestId,
          idempotencyKey,
          body: earlier ?? body,
        })),
    })

  if (clientKey === undefined) return exchangeWith(undefined)
  return chain(digest.sha256(fingerprintText('POST', path, body)), (sha256) =>
    exchangeWith({ key: clientKey, fingerprint: fingerprintOf(sha256), body, waitMs: DUPLICATE_WAIT_MS }),
  )
}

/** The canonical form that a body gets which an earlier release has normalised; undefined: it is valid no more. */
function normalisedAgain(
  body: string,
  { replyButtonsAs }: SendPorts,
  { defaultCountry }: Tenant,
): string | undefined {
  const value = jsonObject(body)
  const parsed = value && parseMessage(value, { defaultCountry, replyButtonsAs })
  return parsed?.ok ? canonicalJson(parsed.message.body) : undefined
}

/** The key of a request that brought none. The blank keeps it apart from every key a caller can give. */
const ownKey = (requestId: string): string => ` ${requestId}`
