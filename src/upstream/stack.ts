import type { Clock, Telemetry, UpstreamTransport } from '../ports.ts'
import { withInProgressWait } from './in-progress.ts'
import { withTelemetry } from './observed.ts'

/**
 * The layers over a transport, outermost first. Waiting stands outside telemetry so that every attempt
 * on the wire is an event of its own.
 */
export function stackUpstream(
  transport: UpstreamTransport,
  clock: Clock,
  telemetry: Telemetry,
): UpstreamTransport {
  const layers = [withInProgressWait(clock), withTelemetry(clock, telemetry)]
  return layers.reduceRight((next, layer) => layer(next), transport)
}
