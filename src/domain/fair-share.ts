/**
 * The limit of one account shared fairly between its tenants (decision 0012). Pure; whole numbers only, like
 * `limits.ts`. Nothing here grows with the number of tenants.
 */

import { type Bucket, type Charge, MINUTE_MS, TOKEN_UNITS, waitFor } from './limits.ts'
import type { EpochMs } from './tenant.ts'

export type Share = NonNullable<Charge['share']>

/**
 * How long borrowers stand back after a sign of contention; a sign renews it once half of it has gone. So tenants whose
 * share is one request in five minutes still give signs in time.
 */
export const CONTENTION_MS = 600_000

/**
 * A share bucket holds what its tenant gets in a quarter of a minute, and never less than two tokens: in one token
 * a tenant that asks every 40 s would lose a third of a share of one a minute.
 */
const SHARE_PARTS = 4
const LEAST_TOKENS = 2
/** Keeps the arithmetic exact. Only a share of 300 million a minute times its weight comes near it. */
const MOST_SHARE_UNITS = 2 ** 52

/** Whether another tenant has a part of the account as well; a sole tenant is held to no share. */
export const isShared = (share: Share | undefined): share is Share =>
  share !== undefined && share.weight !== share.of

/** Share buckets count units times `of`, so that a millisecond refills a whole number of them. */
export function shareCapacity(perMinute: number, { weight, of }: Share): number {
  const part = (perMinute * weight * TOKEN_UNITS) / SHARE_PARTS
  return Math.max(LEAST_TOKENS * TOKEN_UNITS * of, Math.min(part, MOST_SHARE_UNITS))
}

/** The share bucket at `now`, of an account of `perMinute`: full when new. After `of` has changed it soon holds true again. */
export function refillShare(
  bucket: Bucket | undefined,
  perMinute: number,
  share: Share,
  now: EpochMs,
): Bucket {
  const capacity = shareCapacity(perMinute, share)
  if (bucket === undefined) return { units: capacity, at: now }
  const missing = capacity - Math.min(bucket.units, capacity)
  // The product may be past 2^53 and inexact, but then it is past what is missing as well.
  const gained = Math.max(now - bucket.at, 0) * perMinute * share.weight
  return { units: capacity - missing + Math.min(gained, missing), at: now }
}

/** What a request is judged by: both buckets refilled, and what is known of the others. */
export interface Contest {
  readonly account: Bucket
  readonly share: Bucket | undefined
  /** Until when borrowers stand back; 0: never. */
  readonly contendedUntil: EpochMs
  /** The tenant that has borrowed last; empty: none since the account's bucket was full. */
  readonly borrower: string
}

/** Who has borrowed last, as far as it matters at `now`: a minute without a request fills the account's bucket. */
export const lastBorrower = (borrower: string, account: Bucket | undefined, now: EpochMs): string =>
  account !== undefined && now - account.at < MINUTE_MS ? borrower : ''

/** Whether the tenant's share holds a token: the request is within its share, all others borrow. */
export const isWithinShare = ({ share: bucket }: Contest, { share }: Charge): boolean =>
  isShared(share) && bucket !== undefined && bucket.units >= TOKEN_UNITS * share.of

/** The share bucket after one request was admitted; a borrower's is left as it is. */
export function takeShare(contest: Contest, charge: Charge): Bucket | undefined {
  const { share } = contest
  if (share === undefined || charge.share === undefined || !isWithinShare(contest, charge)) return share
  return { units: share.units - TOKEN_UNITS * charge.share.of, at: share.at }
}

/** Units that borrowers leave in the account's bucket: what all share buckets together can hold (decision 0012). */
const reserve = (perMinute: number): number => (perMinute * TOKEN_UNITS) / 2

/** Below this borrowers are still at the reserve, or just were: they take what is above it when they ask. */
const scarce = (perMinute: number): number => (perMinute * TOKEN_UNITS * 3) / 4

/** Milliseconds until the account admits the request, if no other one comes: 0 when it does now. */
export function waitForAccount(contest: Contest, charge: Charge, now: EpochMs): number {
  const { account, contendedUntil } = contest
  const { accountPerMinute, share } = charge
  const token = waitFor(account, TOKEN_UNITS, accountPerMinute)
  if (!isShared(share) || now >= contendedUntil) return token
  const missing = TOKEN_UNITS * share.of - (contest.share?.units ?? 0)
  const own = Math.max(0, Math.ceil(missing / (accountPerMinute * share.weight)))
  const spare = waitFor(account, reserve(accountPerMinute) + TOKEN_UNITS, accountPerMinute)
  return Math.min(Math.max(own, token), spare, Math.max(contendedUntil - now, token))
}

/** Who has borrowed last, after a request of `tenant` was admitted. */
export const borrowerAfter = (contest: Contest, charge: Charge, tenant: string): string =>
  isShared(charge.share) && !isWithinShare(contest, charge) ? tenant : contest.borrower

/**
 * Until when borrowers stand back, after a request that only the account could refuse. Contention begins when a tenant
 * within its share is refused after another has borrowed, and lasts while such tenants find borrowers at the reserve.
 */
export function contention(contest: Contest, charge: Charge, tenant: string, now: EpochMs): EpochMs {
  const { account, contendedUntil, borrower } = contest
  const until = now + CONTENTION_MS
  const lends = isWithinShare(contest, charge) && borrower !== '' && borrower !== tenant
  if (!lends || contendedUntil > until - CONTENTION_MS / 2) return contendedUntil
  const few = now < contendedUntil ? scarce(charge.accountPerMinute) : TOKEN_UNITS
  return account.units < few ? until : contendedUntil
}
