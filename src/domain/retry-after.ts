import type { EpochMs } from './tenant.ts'

/** Seconds to wait when the upstream throttles without saying how long. */
export const THROTTLED_RETRY_SECONDS = 5

const MAX_RETRY_AFTER_SECONDS = 3600

/** `Retry-After` as delta-seconds or HTTP-date (RFC 9110 §10.2.3), in whole seconds from 1 to 3600. */
export function retryAfterSeconds(text: string | undefined, now: EpochMs, otherwise: number): number {
  if (text === undefined) return otherwise
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((httpDate(text) - now) / 1000)
  return Number.isNaN(seconds) ? otherwise : Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS)
}

/** The three forms of RFC 9110 §5.6.7; `Date.parse` alone finds a date in "-5" and "try again in 2030". */
const httpDatePattern = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .+ \d\d:\d\d:\d\d (?:GMT|\d{4})$/

const httpDate = (text: string): EpochMs =>
  httpDatePattern.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN
