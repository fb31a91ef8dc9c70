import { type BreakerState, newBreaker } from '../domain/breaker.ts'
import { FULL_BUDGET } from '../domain/retry.ts'
import type { Secret } from '../domain/tenant.ts'

/**
 * What the layers know of each account: made once per process or isolate, so that a new config does not forget
 * it. Entries are as many as accounts. Times are monotonic ms.
 */
export interface UpstreamState {
  readonly breakers: PerAccount<BreakerState>
  /** Tenths of a retry that are left. */
  readonly retryBudgets: PerAccount<number>
  /** When the pause of an account's reads or writes is over. */
  readonly pauses: { readonly read: PerAccount<number>; readonly write: PerAccount<number> }
  /** When the upstream last refused a token. By identity: tokens of a new config start fresh. */
  readonly refusedTokens: WeakMap<Secret, number>
}

export interface PerAccount<Value> {
  get(account: string): Value
  set(account: string, value: Value): void
}

export const createUpstreamState = (): UpstreamState => ({
  breakers: createPerAccount(newBreaker),
  retryBudgets: createPerAccount(FULL_BUDGET),
  pauses: { read: createPerAccount(0), write: createPerAccount(0) },
  refusedTokens: new WeakMap(),
})

function createPerAccount<Value>(initial: Value): PerAccount<Value> {
  const values = new Map<string, Value>()
  return {
    get: (account) => values.get(account) ?? initial,
    set: (account, value) => {
      values.set(account, value)
    },
  }
}
