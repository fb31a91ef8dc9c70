import type { Telemetry } from '../ports.ts'

/** Tells every event to all of `receivers`. */
export const fanOut = (receivers: readonly Telemetry[]): Telemetry => ({
  record: (event) => {
    for (const receiver of receivers) receiver.record(event)
  },
})
