import type { Clock, Entropy, Telemetry, UpstreamTransport } from '../ports.ts'
import { withInProgressWait } from './in-progress.ts'
import { withTelemetry } from './observed.ts'

export interface StackPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
}

export interface StackSettings {
  /** Further attempts after the first one. */
  readonly maxRetries: number
}

/**
 * The layers over a transport, outermost first. Waiting stands outside telemetry so that every attempt
 * on the wire is an event of its own.
 */
export function stackUpstream(
  transport: UpstreamTransport,
  { clock, telemetry }: StackPorts,
  _settings: StackSettings,
): UpstreamTransport {
  const layers = [withInProgressWait(clock), withTelemetry(clock, telemetry)]
  return layers.reduceRight((next, layer) => layer(next), transport)
}
