import { ask, type BreakerState, type Health, healthOf, report } from '../domain/breaker.ts'
import type { Clock, Telemetry, UpstreamLayer } from '../ports.ts'
import type { PerAccount } from './state.ts'

export interface BreakerPorts {
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly breakers: PerAccount<BreakerState>
}

/** While most calls of an account fail, turns its calls away at once, but for a few that probe. */
export function withBreaker({ clock, telemetry, breakers }: BreakerPorts): UpstreamLayer {
  const change = (account: string, before: BreakerState, after: BreakerState): void => {
    if (after === before) return
    breakers.set(account, after)
    if (after.kind === before.kind) return
    telemetry.record({
      event: 'breaker',
      account,
      state: after.kind,
      ...(after.kind === 'open' && { openMs: after.openMs }),
    })
  }

  return (next) => (call, deadline) => {
    const { account } = call
    const before = breakers.get(account)
    const asked = ask(before, clock.monotonic())
    change(account, before, asked.state)
    const { ticket } = asked
    if (ticket === undefined) {
      const { retryAfterMs } = asked
      return Promise.resolve({ kind: 'not_sent', reason: 'breaker_open', retryAfterMs })
    }
    const tell = (health: Health): void => {
      const current = breakers.get(account)
      change(account, current, report(current, ticket, health, clock.monotonic()))
    }
    return next(call, deadline).then(
      (result) => {
        tell(healthOf(result))
        return result
      },
      (error) => {
        tell('neutral')
        throw error
      },
    )
  }
}
