/**
 * Quota arithmetic: token buckets and UTC day and month windows. Pure; whole numbers only, so that every
 * ledger (memory, SQL, Lua) computes the same answers.
 */

import type { EpochMs } from './tenant.ts'

export type RateClass = 'write' | 'read'

/** What one request costs, and the limits it is held against. Every request costs 1 of each that is named. */
export interface Charge {
  readonly class: RateClass
  readonly tenantPerMinute: number
  readonly accountPerMinute: number
  readonly maxConcurrent: number
  /** The tenant's part of the account's limit: `weight` of the sum `of` all weights. Absent: the whole. */
  readonly share?: { readonly weight: number; readonly of: number }
  /** Present for sends, which are writes; reads and read receipts are no messages. */
  readonly message?: { readonly perDay?: number; readonly perMonth?: number }
}

export const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * A token is 60,000 units, so that one millisecond refills exactly `perMinute` units: no fractions, no drift.
 * (Upstream contract §8: capacity = the per-minute limit, refilled at limit/60 per second.)
 */
export const TOKEN_UNITS = MINUTE_MS

export interface Bucket {
  /** Units left at `at`. */
  readonly units: number
  readonly at: EpochMs
}

/** The bucket at `now`: full when new; never above its capacity, also after the limit was lowered. */
export function refill(bucket: Bucket | undefined, perMinute: number, now: EpochMs): Bucket {
  const capacity = perMinute * TOKEN_UNITS
  if (bucket === undefined) return { units: capacity, at: now }
  // A whole minute fills any bucket. A clock that stepped back refills nothing.
  const elapsed = Math.min(Math.max(now - bucket.at, 0), MINUTE_MS)
  return { units: Math.min(bucket.units + elapsed * perMinute, capacity), at: now }
}

export const hasToken = (bucket: Bucket): boolean => bucket.units >= TOKEN_UNITS

/** Takes one token; the caller has seen `hasToken`. */
export const take = (bucket: Bucket): Bucket => ({ units: bucket.units - TOKEN_UNITS, at: bucket.at })

export function putBack(bucket: Bucket, perMinute: number): Bucket {
  return { units: Math.min(bucket.units + TOKEN_UNITS, perMinute * TOKEN_UNITS), at: bucket.at }
}

/** The bucket lowered to hold at most `tokens` and a part of one; the same one when it does. */
export function atMost(bucket: Bucket, tokens: number): Bucket {
  const units = (tokens + 1) * TOKEN_UNITS - 1
  return units < bucket.units ? { units, at: bucket.at } : bucket
}

/** Milliseconds until the bucket holds `units`; infinite when it never does. */
export function waitFor(bucket: Bucket, units: number, perMinute: number): number {
  if (units > perMinute * TOKEN_UNITS) return Number.POSITIVE_INFINITY
  return Math.max(0, Math.ceil((units - bucket.units) / perMinute))
}

/** Milliseconds until the bucket holds a token. */
export const waitForToken = (bucket: Bucket, perMinute: number): number =>
  waitFor(bucket, TOKEN_UNITS, perMinute)

/** Messages counted in one UTC day or month. */
export interface Window {
  readonly start: EpochMs
  readonly used: number
}

export type Period = 'day' | 'month'

/** First millisecond of the UTC day or month that holds `now`. */
export const periodStart = (period: Period, now: EpochMs): EpochMs =>
  period === 'day' ? Math.floor(now / DAY_MS) * DAY_MS : monthOf(now).start

/** First millisecond of the next UTC day or month. */
export const periodEnd = (period: Period, now: EpochMs): EpochMs =>
  period === 'day' ? periodStart('day', now) + DAY_MS : monthOf(now).end

/** The month that was asked for last: dates are slow, and nearly every question is about the present. */
let asked = { start: 0, end: 0 }

function monthOf(now: EpochMs): { readonly start: EpochMs; readonly end: EpochMs } {
  if (now >= asked.start && now < asked.end) return asked
  const date = new Date(now)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  asked = { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) }
  return asked
}

/** The window at `now`: empty when a new day or month has begun. */
export function roll(window: Window | undefined, period: Period, now: EpochMs): Window {
  const start = periodStart(period, now)
  return window !== undefined && window.start === start ? window : { start, used: 0 }
}

/** What is left of a tenant's limits, for the answer headers and `/v1/me`. */
export interface Standings {
  readonly class: RateClass
  /** When the ledger looked. */
  readonly at: EpochMs
  readonly bucket: BucketStanding
  readonly day?: WindowStanding | undefined
  readonly month?: WindowStanding | undefined
}

export interface BucketStanding {
  readonly limit: number
  readonly remaining: number
  readonly fullAt: EpochMs
}

export interface WindowStanding {
  readonly limit: number
  readonly remaining: number
  readonly startedAt: EpochMs
  readonly resetsAt: EpochMs
}

/** The standing of a bucket that was refilled at `bucket.at`; tokens are floored (upstream contract §8). */
export function bucketStanding(bucket: Bucket, perMinute: number): BucketStanding {
  const missing = perMinute * TOKEN_UNITS - bucket.units
  return {
    limit: perMinute,
    remaining: Math.floor(bucket.units / TOKEN_UNITS),
    fullAt: bucket.at + Math.ceil(missing / perMinute),
  }
}

export function windowStanding(window: Window, limit: number, period: Period, now: EpochMs): WindowStanding {
  return {
    limit,
    remaining: Math.max(0, limit - window.used),
    startedAt: window.start,
    resetsAt: periodEnd(period, now),
  }
}
