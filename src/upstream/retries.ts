import { moreTelling } from '../domain/most-telling.ts'
import {
  attemptDeadline,
  type Following,
  fed,
  following,
  isRepeatable,
  retryWaitMs,
  spent,
} from '../domain/retry.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../domain/upstream.ts'
import type { Clock, Entropy, UpstreamLayer, UpstreamTransport } from '../ports.ts'
import type { PerAccount } from './state.ts'

export interface RetryPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  /** Tenths of a retry that are left to each account. */
  readonly budgets: PerAccount<number>
}

/**
 * Tries a call again, at most `maxRetries` times, while it may help and cannot send twice, within the deadline
 * and the account's budget of retries. Gives the most telling result of all attempts.
 */
export function withRetries({ clock, entropy, budgets }: RetryPorts, maxRetries: number): UpstreamLayer {
  /** How long to wait for the next attempt; undefined: there is none. */
  const waitFor = (next: Following, retries: number, leftMs: number): number | undefined => {
    if (next.kind === 'end') return undefined
    if (next.kind === 'wait') return next.ms < leftMs ? next.ms : undefined
    if (retries >= maxRetries) return undefined
    return retryWaitMs(next.leastMs, { retries, leftMs, unit: entropy.unit() })
  }

  const isMore = (call: UpstreamCall, retries: number): boolean =>
    retries < maxRetries && isRepeatable(call) && spent(budgets.get(call.account)) !== undefined

  const attempt = (next: UpstreamTransport, call: UpstreamCall, deadline: EpochMs, retries: number) =>
    next(call, attemptDeadline(clock.now(), deadline, isMore(call, retries)))

  /** Goes on after the first attempt has given `first`. */
  const goOn = async (
    next: UpstreamTransport,
    call: UpstreamCall,
    deadline: EpochMs,
    first: UpstreamResult,
  ): Promise<UpstreamResult> => {
    const { account } = call
    let result = first
    let told = first
    let retries = 0
    for (let nth = 1; ; nth += 1) {
      const now = clock.now()
      const then = following(result, call, nth, now)
      const waitMs = waitFor(then, retries, deadline - now)
      if (waitMs === undefined) return told
      if (then.kind === 'retry') {
        const budget = spent(budgets.get(account))
        if (budget === undefined) return told
        budgets.set(account, budget)
        retries += 1
      }
      await clock.sleep(waitMs)
      // A timer may be late.
      if (clock.now() >= deadline) return told
      result = await attempt(next, call, deadline, retries)
      told = moreTelling(told, result)
    }
  }

  return (next) => (call, deadline) => {
    const { account } = call
    const budget = budgets.get(account)
    const more = fed(budget)
    if (more !== budget) budgets.set(account, more)
    return attempt(next, call, deadline, 0).then((first) =>
      following(first, call, 1, clock.now()).kind === 'end' ? first : goOn(next, call, deadline, first),
    )
  }
}
