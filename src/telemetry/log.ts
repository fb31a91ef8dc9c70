import type { GatewayEvent } from '../domain/events.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { Clock, Telemetry } from '../ports.ts'
import { type LogLevel, levelOf, logLevels } from './lines.ts'

/**
 * JSON lines, one an event: `{"level":"info","time":"…","event":"request",…}`, given to `write` without their ends.
 * Fields are those of the event, so there is nothing to redact and nothing to configure.
 */
export function createLog(level: LogLevel, clock: Clock, write: (line: string) => void): Telemetry {
  const least = logLevels.indexOf(level)
  const time = createIsoTime()
  return {
    record(event: GatewayEvent) {
      const own = levelOf(event)
      if (logLevels.indexOf(own) < least) return
      const fields = JSON.stringify(event).slice(1)
      write(`{"level":"${own}","time":"${time(clock.now())}",${fields}`)
    },
  }
}

/** ISO 8601 in UTC; many events share a millisecond. */
function createIsoTime(): (now: EpochMs) => string {
  let last: EpochMs = Number.NaN
  let text = ''
  return (now) => {
    if (now !== last) {
      last = now
      text = new Date(now).toISOString()
    }
    return text
  }
}
