import { type DestinationStream, pino } from 'pino'
import type { Telemetry } from '../ports.ts'
import { type LogLevel, levelOf, rounded } from './lines.ts'

/** JSON lines, one an event: `{"level":"info","time":"…","event":"request",…}`. Fields are those of the event. */
export function createLog(level: LogLevel, destination: DestinationStream): Telemetry {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return { record: (event) => logger[levelOf(event)](rounded(event)) }
}
