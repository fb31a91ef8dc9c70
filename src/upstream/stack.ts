import type { Clock, Entropy, Telemetry, UpstreamTransport } from '../ports.ts'
import { withBreaker } from './breaker.ts'
import { withTelemetry } from './observed.ts'
import { withPause } from './pause.ts'
import { withRetries } from './retries.ts'
import type { UpstreamState } from './state.ts'
import { withTokenRotation } from './token-rotation.ts'

export interface StackPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  /** Outlives the stack: a new config gets a new stack over the same state. */
  readonly state: UpstreamState
}

export interface StackSettings {
  /** Further attempts after the first one. */
  readonly maxRetries: number
}

/**
 * The layers over a transport, outermost first (decision 13):
 *
 * 1. breaker: outside the retries, so that one request is one result, and an open breaker costs no waiting;
 * 2. retries: what is inside is done once an attempt, what is outside once a request;
 * 3. pause: inside the retries, so that it sees every 429, and a request that has waited out its
 *    `Retry-After` passes;
 * 4. rotation: inside the retries, since the other token costs no retry, and inside the pause, since a paused
 *    account is paused under both tokens;
 * 5. telemetry: every attempt on the wire is an event, without the waiting, and nothing else is.
 */
export function stackUpstream(
  transport: UpstreamTransport,
  { clock, entropy, telemetry, state }: StackPorts,
  { maxRetries }: StackSettings,
): UpstreamTransport {
  const layers = [
    withBreaker({ clock, telemetry, breakers: state.breakers }),
    withRetries({ clock, entropy, budgets: state.retryBudgets }, maxRetries),
    withPause({ clock, telemetry, pauses: state.pauses }),
    withTokenRotation({ clock, telemetry, refused: state.refusedTokens }),
    withTelemetry(clock, telemetry),
  ]
  return layers.reduceRight((next, layer) => layer(next), transport)
}
