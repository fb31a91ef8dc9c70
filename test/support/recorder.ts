import type { GatewayEvent } from '../../src/domain/events.ts'
import type { Telemetry } from '../../src/ports.ts'

export interface Recorder extends Telemetry {
  readonly events: GatewayEvent[]
  of<E extends GatewayEvent['event']>(event: E): Extract<GatewayEvent, { event: E }>[]
}

/** Telemetry that remembers what it was told. */
export function createRecorder(): Recorder {
  const events: GatewayEvent[] = []
  return {
    events,
    record: (event) => {
      events.push(event)
    },
    of: <E extends GatewayEvent['event']>(name: E) =>
      events.filter((event): event is Extract<GatewayEvent, { event: E }> => event.event === name),
  }
}
