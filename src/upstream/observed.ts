import { elapsedMs } from '../domain/events.ts'
import type { Clock, Telemetry, UpstreamLayer } from '../ports.ts'

/** Tells telemetry of every attempt on the wire. */
export function withTelemetry(clock: Clock, telemetry: Telemetry): UpstreamLayer {
  return (next) => (call, deadline) => {
    const began = clock.monotonic()
    return next(call, deadline).then((result) => {
      telemetry.record({
        event: 'upstream',
        requestId: call.requestId,
        account: call.account,
        result: result.kind === 'answered' ? 'answered' : result.reason,
        status: result.kind === 'answered' ? result.status : undefined,
        durationMs: elapsedMs(began, clock.monotonic()),
      })
      return result
    })
  }
}
