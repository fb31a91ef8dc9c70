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
import type { UpstreamResult } from '../domain/upstream.ts'
import type { Clock, Entropy, UpstreamLayer } from '../ports.ts'
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

  return (next) => async (call, deadline) => {
    const { account } = call
    budgets.set(account, fed(budgets.get(account)))
    let told: UpstreamResult | undefined
    let retries = 0
    for (let nth = 1; ; nth += 1) {
      const mayFollow =
        retries < maxRetries && isRepeatable(call) && spent(budgets.get(account)) !== undefined
      const result = await next(call, attemptDeadline(clock.now(), deadline, mayFollow))
      told = told === undefined ? result : moreTelling(told, result)

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
    }
  }
}
