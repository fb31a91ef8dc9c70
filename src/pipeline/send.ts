import { canonicalJson, derivedKeyBytes, fingerprintOf, fingerprintText } from '../domain/fingerprint.ts'
import type { Charge } from '../domain/limits.ts'
import { type Message, type MessageSettings, parseMessage } from '../domain/message.ts'
import type { Credential, Quotas, Tenant } from '../domain/tenant.ts'
import { jsonObject } from '../domain/upstream-error.ts'
import type { Digest } from '../ports.ts'
import { type ExchangePorts, exchange, leaseMs, type Reply, shareOf, tokensOf } from './exchange.ts'

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
  readonly clientKey?: string
}

/** How long a duplicate waits for the answer of the request in flight (interface §6). */
const DUPLICATE_WAIT_MS = 30_000

/** One POST: fingerprint, derived key, and the line that every relayed request takes. */
export async function send(ports: SendPorts, submission: Submission): Promise<Reply> {
  const { requestId, credential, phoneNumberId, message, clientKey } = submission
  const { tenant } = credential
  const path = `/${phoneNumberId}/messages`
  // The canonical form goes upstream, so that equal fingerprints mean equal bytes there too.
  const body = canonicalJson(message.body)
  const slot = clientKey !== undefined && {
    key: clientKey,
    fingerprint: fingerprintOf(await ports.digest.sha256(fingerprintText('POST', path, body))),
    body,
    waitMs: DUPLICATE_WAIT_MS,
  }
  return exchange(ports, {
    operation: message.kind,
    account: tenant.account,
    entry: {
      account: tenant.account.id,
      tenant: tenant.id,
      owner: requestId,
      leaseMs: leaseMs(ports.timeoutMs),
      charge: writeCharge(tenant, message.kind === 'send'),
      ...(slot && { slot }),
    },
    matches: (earlier) => normalisedAgain(earlier, ports, tenant) === body,
    call: async (earlier) => ({
      method: 'POST',
      path,
      account: tenant.account.id,
      ...tokensOf(tenant.account),
      requestId,
      idempotencyKey: await ports.digest.hmac(derivedKeyBytes(tenant.id, clientKey ?? ownKey(requestId))),
      body: earlier ?? body,
    }),
  })
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

/** Read receipts spend write tokens but are no messages (interface §6). */
export function writeCharge(tenant: Tenant, isMessage: boolean): Charge {
  const { account, quotas } = tenant
  return {
    class: 'write',
    tenantPerMinute: quotas.writePerMinute,
    accountPerMinute: account.writePerMinute,
    maxConcurrent: quotas.maxConcurrent,
    share: shareOf(tenant),
    ...(isMessage && { message: messageLimits(quotas) }),
  }
}

const messageLimits = ({ messagesPerDay, messagesPerMonth }: Quotas): NonNullable<Charge['message']> => ({
  ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
  ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
})
