import { canonicalJson, derivedKeyBytes, fingerprintText } from '../domain/fingerprint.ts'
import type { Charge } from '../domain/limits.ts'
import type { Message } from '../domain/message.ts'
import type { Credential, Quotas, Tenant } from '../domain/tenant.ts'
import type { Digest } from '../ports.ts'
import { type ExchangePorts, exchange, leaseMs, type Reply } from './exchange.ts'

export interface SendPorts extends ExchangePorts {
  readonly digest: Digest
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
    fingerprint: await ports.digest.sha256(fingerprintText('POST', path, body)),
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
    call: async () => ({
      method: 'POST',
      path,
      account: tenant.account.id,
      token: tenant.account.token,
      requestId,
      idempotencyKey: await ports.digest.hmac(derivedKeyBytes(tenant.id, clientKey ?? ownKey(requestId))),
      body,
    }),
  })
}

/** The key of a request that brought none. The blank keeps it apart from every key a caller can give. */
const ownKey = (requestId: string): string => ` ${requestId}`

/** Read receipts spend write tokens but are no messages (interface §6). */
export function writeCharge({ account, quotas }: Tenant, isMessage: boolean): Charge {
  return {
    class: 'write',
    tenantPerMinute: quotas.writePerMinute,
    accountPerMinute: account.writePerMinute,
    maxConcurrent: quotas.maxConcurrent,
    ...(isMessage && { message: messageLimits(quotas) }),
  }
}

const messageLimits = ({ messagesPerDay, messagesPerMonth }: Quotas): NonNullable<Charge['message']> => ({
  ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
  ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
})
