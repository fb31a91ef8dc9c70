import type { RateClass } from '../domain/limits.ts'
import { retryAfterSeconds, THROTTLED_RETRY_SECONDS } from '../domain/retry-after.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../domain/upstream.ts'
import { errorMeaningOf } from '../domain/upstream-meaning.ts'
import type { Clock, Telemetry, UpstreamLayer } from '../ports.ts'
import type { UpstreamState } from './state.ts'

export interface PausePorts {
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly pauses: UpstreamState['pauses']
}

/** Each call that comes back late with an older refusal moves the end of a pause a little: not worth telling. */
const WORTH_TELLING_MS = 1000

/**
 * After the upstream has told an account to wait, turns its calls away until then. Reads and writes have
 * buckets of their own there (upstream contract §8), and so they have here.
 */
export function withPause({ clock, telemetry, pauses }: PausePorts): UpstreamLayer {
  /** After `result`, for the calls that follow. */
  const pauseAfter = (result: UpstreamResult, { account, requestId, method }: UpstreamCall): void => {
    const pausedMs = pauseMs(result, clock.now())
    if (pausedMs === undefined) return
    const kind = classOf(method)
    const now = clock.monotonic()
    const longerMs = now + pausedMs - Math.max(now, pauses[kind].get(account))
    if (longerMs > 0) pauses[kind].set(account, now + pausedMs)
    if (longerMs >= WORTH_TELLING_MS) {
      telemetry.record({ event: 'account_paused', account, class: kind, pausedMs, requestId })
    }
  }

  return (next) => (call, deadline) => {
    const leftMs = pauses[classOf(call.method)].get(call.account) - clock.monotonic()
    if (leftMs > 0) {
      return Promise.resolve({ kind: 'not_sent', reason: 'account_paused', retryAfterMs: leftMs })
    }
    return next(call, deadline).then((result) => {
      pauseAfter(result, call)
      return result
    })
  }
}

const classOf = (method: UpstreamCall['method']): RateClass => (method === 'GET' ? 'read' : 'write')

/** How long the whole account is to wait; undefined: not at all. */
function pauseMs(result: UpstreamResult, now: EpochMs): number | undefined {
  const meaning = errorMeaningOf(result)
  if (result.kind !== 'answered' || meaning?.kind !== 'throttled' || !meaning.wholeAccount) return undefined
  return retryAfterSeconds(result.headers.retryAfter, now, THROTTLED_RETRY_SECONDS) * 1000
}
