import { failure } from '../domain/errors.ts'
import type { BucketStanding, WindowStanding } from '../domain/limits.ts'
import { readCharge, writeCharge } from '../pipeline/charges.ts'
import type { Ledger } from '../ports.ts'
import type { GatewayContext } from './context.ts'
import { refuseWith, succeed } from './reply.ts'

/** `GET /v1/me`: who the key belongs to, its numbers, its limits and what is left of each. Free of charge. */
export async function describeCaller(c: GatewayContext, ledger: Ledger): Promise<Response> {
  const credential = c.get('credential')
  const { tenant, key } = credential
  const who = { account: tenant.account.id, tenant: tenant.id }
  const [write, read] = await Promise.all([
    ledger.standings({ ...who, charge: writeCharge(tenant, true) }),
    ledger.standings({ ...who, charge: readCharge(tenant) }),
  ]).catch(() => [])
  if (write === undefined || read === undefined) {
    return refuseWith(c, unreachable, { credential })
  }
  const { phoneNumberIds, defaultCountry, quotas } = tenant
  return succeed(
    c,
    {
      data: {
        object: 'tenant',
        id: tenant.id,
        key: {
          object: 'gateway_key',
          id: key.id,
          label: key.label ?? null,
          expires_at: key.expiresAt === undefined ? null : new Date(key.expiresAt).toISOString(),
          scopes: key.scopes === undefined ? null : [...key.scopes],
        },
        phone_number_ids: phoneNumberIds === '*' ? ['*'] : [...phoneNumberIds],
        default_country: defaultCountry ?? null,
        limits: {
          write_per_minute: bucket(write.bucket),
          read_per_minute: bucket(read.bucket),
          messages_per_day: window(write.day),
          messages_per_month: window(write.month),
          max_concurrent: quotas.maxConcurrent,
        },
      },
    },
    { credential },
    read,
  )
}

const unreachable = failure('service_unavailable', {
  message: 'The ledger is out of reach. Retry later.',
  retryAfterSeconds: 1,
})

/** `resets_at`: when the bucket is full again. */
const bucket = ({ limit, remaining, fullAt }: BucketStanding) => ({
  limit,
  remaining,
  resets_at: iso(fullAt),
})

/** Null: no limit. */
const window = (standing: WindowStanding | undefined) =>
  standing === undefined
    ? null
    : { limit: standing.limit, remaining: standing.remaining, resets_at: iso(standing.resetsAt) }

const iso = (at: number): string => new Date(at).toISOString()
