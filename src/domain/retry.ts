/** Whether, when and for how long a call is tried again. Times in ms; budgets in tenths of a retry. */

import { retryAfterSeconds, THROTTLED_RETRY_SECONDS } from './retry-after.ts'
import type { EpochMs } from './tenant.ts'
import type { UpstreamCall, UpstreamResult } from './upstream.ts'
import { errorMeaningOf } from './upstream-meaning.ts'

/** What follows on a result. */
export type Following =
  | { readonly kind: 'end' }
  /** Something that passes by itself is waited out: no retry is counted. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Tried again, after at least `leastMs` if the upstream has named a time. */
  | { readonly kind: 'retry'; readonly leastMs?: number }

const end: Following = { kind: 'end' }
const retry: Following = { kind: 'retry' }

/** Whether a second try cannot send a second message: a read, or the upstream dedupes by the derived key. */
export const isRepeatable = ({ method, idempotencyKey }: UpstreamCall): boolean =>
  method === 'GET' || idempotencyKey !== undefined

/** `nth` counts the attempts of the request from 1. */
export function following(result: UpstreamResult, call: UpstreamCall, nth: number, now: EpochMs): Following {
  if (result.kind === 'not_sent') return afterNotSent(result, nth)
  if (!isRepeatable(call)) return end
  if (result.kind === 'unknown') return retry
  const { status, headers } = result
  switch (errorMeaningOf(result)?.kind) {
    case 'in_progress':
      // Our own earlier attempt is still running there, and the same key gets its answer later.
      if (status !== 409 || call.idempotencyKey === undefined) return end
      return { kind: 'wait', ms: retryAfterSeconds(headers.retryAfter, now, 1) * 1000 }
    case 'throttled':
      return afterSeconds(retryAfterSeconds(headers.retryAfter, now, THROTTLED_RETRY_SECONDS))
    case 'failed':
      // A 500 is a fault that the same request most likely meets again.
      if (![502, 503, 504].includes(status)) return end
      return afterSeconds(retryAfterSeconds(headers.retryAfter, now, 0))
    default:
      return end
  }
}

type NotSent = Extract<UpstreamResult, { kind: 'not_sent' }>

function afterNotSent({ reason, retryAfterMs = 0 }: NotSent, nth: number): Following {
  switch (reason) {
    case 'cannot_connect':
    case 'connection_closed':
    // Of an attempt that had only a part of the time; at the end of all of it no retry fits.
    case 'deadline':
      return retry
    case 'account_paused':
      // A new request is turned away; one that is already waiting goes on to wait.
      return nth > 1 ? { kind: 'wait', ms: retryAfterMs } : end
    case 'breaker_open':
      return end
  }
}

const afterSeconds = (seconds: number): Following =>
  seconds === 0 ? retry : { kind: 'retry', leastMs: seconds * 1000 }

const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 2000
/** The vendor's advice is ±25 % on `Retry-After` (upstream contract §8); less than it would be refused again. */
const RETRY_AFTER_JITTER = 0.25
/** With less time left, an attempt would more likely turn a clear answer into an unclear one. */
const LEAST_LEFT_MS = 100

export interface Pace {
  /** Retries made so far. */
  readonly retries: number
  /** From 0 (included) to 1 (excluded). */
  readonly unit: number
  /** Time to the deadline. */
  readonly leftMs: number
}

/**
 * How long to wait before a retry: exponential backoff with full jitter, or what the upstream has named and
 * some jitter on it. Undefined: the retry would not fit before the deadline.
 */
export function retryWaitMs(
  leastMs: number | undefined,
  { retries, unit, leftMs }: Pace,
): number | undefined {
  const roomMs = leftMs - LEAST_LEFT_MS
  if (leastMs === undefined) {
    const waitMs = unit * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries)
    return waitMs <= roomMs ? waitMs : undefined
  }
  const waitMs = leastMs * (1 + unit * RETRY_AFTER_JITTER)
  if (waitMs <= roomMs) return waitMs
  return leastMs <= roomMs ? leastMs : undefined
}

/** An attempt is not cut shorter than this to leave time for another: a slow answer is no hung connection. */
const LEAST_ATTEMPT_MS = 5000

/** Until when an attempt may run. While `another` may follow it gets half of the time, the last one all. */
export function attemptDeadline(now: EpochMs, deadline: EpochMs, another: boolean): EpochMs {
  const halfMs = (deadline - now) / 2
  return another && halfMs >= LEAST_ATTEMPT_MS ? now + halfMs : deadline
}

/** A full budget: ten retries. Kept in tenths, so that sums stay exact. */
export const FULL_BUDGET = 100
const ONE_RETRY = 10

/** The budget after one more request: a tenth of a retry. */
export const fed = (budget: number): number => Math.min(FULL_BUDGET, budget + 1)

/** The budget after a retry; undefined: there is none left. */
export const spent = (budget: number): number | undefined =>
  budget >= ONE_RETRY ? budget - ONE_RETRY : undefined
