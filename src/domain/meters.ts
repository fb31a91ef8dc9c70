/** What the limits say to a request, and what they become when it was admitted, refused or given back. Pure. */

import {
  borrowerAfter,
  contention,
  isShared,
  lastBorrower,
  refillShare,
  takeShare,
  waitForAccount,
} from './fair-share.ts'
import type { Bucket, Charge, Standings, Window } from './limits.ts'
import {
  atMost,
  bucketStanding,
  hasToken,
  periodEnd,
  putBack,
  refill,
  roll,
  take,
  waitForToken,
  windowStanding,
} from './limits.ts'
import type { EpochMs } from './tenant.ts'

/** Retry-After of a refusal that ends when any other request does. */
const CONCURRENCY_RETRY_MS = 1000

/** The day and month in which a message was counted, so that it can be given back to the right ones. */
export interface Counted {
  readonly day: EpochMs
  readonly month: EpochMs
}

/** The state of every limit that one request is held against. */
export interface Meters {
  readonly tenant: Bucket | undefined
  readonly account: Bucket | undefined
  /** The tenant's part of the account's bucket; see `fair-share.ts`. */
  readonly share: Bucket | undefined
  /** Until when borrowers of the account stand back, and who has borrowed last; 0 and empty: never, none. */
  readonly contendedUntil: EpochMs
  readonly borrower: string
  readonly day: Window | undefined
  readonly month: Window | undefined
  /** Requests of the tenant under way. */
  readonly inFlight: number
}

export interface Refusal {
  readonly by: 'rate' | 'quota' | 'concurrency' | 'account_rate'
  readonly retryAfterMs: number
}

/** Brings the meters to `now`; all other functions here expect refreshed meters. */
export function refresh(meters: Meters, charge: Charge, now: EpochMs) {
  const { accountPerMinute, share } = charge
  return {
    tenant: refill(meters.tenant, charge.tenantPerMinute, now),
    account: refill(meters.account, accountPerMinute, now),
    share: isShared(share) ? refillShare(meters.share, accountPerMinute, share, now) : meters.share,
    contendedUntil: meters.contendedUntil,
    borrower: lastBorrower(meters.borrower, meters.account, now),
    day: roll(meters.day, 'day', now),
    month: roll(meters.month, 'month', now),
    inFlight: meters.inFlight,
  }
}
export type FreshMeters = ReturnType<typeof refresh>

/**
 * Why the request may not go, or undefined. The tenant's own limits are named before the account's, the
 * longest first; `retryAfterMs` is when all of them would admit it again, as far as can be known.
 */
export function refusal(
  meters: FreshMeters,
  charge: Charge,
  isMessage: boolean,
  now: EpochMs,
): Refusal | undefined {
  const { tenant, day, month, inFlight } = meters
  const { perDay, perMonth } = (isMessage ? charge.message : undefined) ?? {}
  const rateMs = hasToken(tenant) ? 0 : waitForToken(tenant, charge.tenantPerMinute)
  const dayMs = perDay !== undefined && day.used >= perDay ? periodEnd('day', now) - now : 0
  const monthMs = perMonth !== undefined && month.used >= perMonth ? periodEnd('month', now) - now : 0
  const concurrencyMs = inFlight >= charge.maxConcurrent ? CONCURRENCY_RETRY_MS : 0
  const accountMs = waitForAccount(meters, charge, now)
  const ownMs = Math.max(rateMs, dayMs, monthMs, concurrencyMs)
  if (ownMs === 0) return accountMs === 0 ? undefined : { by: 'account_rate', retryAfterMs: accountMs }
  const by = ownMs === rateMs ? 'rate' : ownMs === dayMs || ownMs === monthMs ? 'quota' : 'concurrency'
  return { by, retryAfterMs: Math.max(ownMs, accountMs) }
}

/** The meters after `by` has refused a request of `tenant`: changed only when that begins or prolongs contention. */
export function refusedBy(
  by: Refusal['by'],
  meters: FreshMeters,
  charge: Charge,
  tenant: string,
  now: EpochMs,
): FreshMeters {
  if (by !== 'account_rate') return meters
  const contendedUntil = contention(meters, charge, tenant, now)
  return contendedUntil === meters.contendedUntil ? meters : { ...meters, contendedUntil }
}

/** The meters after one request of `tenant` was admitted; `inFlight` is kept by the ledger's leases. */
export function charged(
  meters: FreshMeters,
  charge: Charge,
  tenant: string,
  isMessage: boolean,
  now: EpochMs,
): FreshMeters {
  const { day, month } = meters
  return {
    tenant: take(meters.tenant),
    account: take(meters.account),
    share: takeShare(meters, charge),
    contendedUntil: contention(meters, charge, tenant, now),
    borrower: borrowerAfter(meters, charge, tenant),
    day: isMessage ? { start: day.start, used: day.used + 1 } : day,
    month: isMessage ? { start: month.start, used: month.used + 1 } : month,
    inFlight: meters.inFlight,
  }
}

const uncount = (window: Window, countedIn: EpochMs | undefined): Window =>
  window.start === countedIn ? { start: window.start, used: Math.max(0, window.used - 1) } : window

/**
 * The meters after the charges came back; a message only to the day and month it was counted in. Shares do not
 * come back: a tenant whose requests are all refused upstream would have its whole share again and again.
 */
export function refunded(meters: FreshMeters, charge: Charge, counted: Counted | undefined): FreshMeters {
  return {
    ...meters,
    tenant: putBack(meters.tenant, charge.tenantPerMinute),
    account: putBack(meters.account, charge.accountPerMinute),
    day: uncount(meters.day, counted?.day),
    month: uncount(meters.month, counted?.month),
  }
}

/** The meters when the upstream counts `tokensLeft` for the account: lowered to it, else the same ones. */
export function lowered(meters: FreshMeters, tokensLeft: number): FreshMeters {
  const account = atMost(meters.account, tokensLeft)
  return account === meters.account ? meters : { ...meters, account }
}

/** What callers are told is left: the tenant's own limits, never the account's. */
export function standingsOf(meters: FreshMeters, charge: Charge, now: EpochMs): Standings {
  const { perDay, perMonth } = charge.message ?? {}
  return {
    class: charge.class,
    at: now,
    bucket: bucketStanding(meters.tenant, charge.tenantPerMinute),
    day: perDay === undefined ? undefined : windowStanding(meters.day, perDay, 'day', now),
    month: perMonth === undefined ? undefined : windowStanding(meters.month, perMonth, 'month', now),
  }
}
