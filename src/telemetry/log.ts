import { type DestinationStream, type Logger, pino } from 'pino'
import type { GatewayEvent } from '../domain/events.ts'
import type { Telemetry } from '../ports.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** JSON lines, one an event: `{"level":"info","time":"…","event":"request",…}`. Fields are those of the event. */
export function createLog(level: LogLevel, destination: DestinationStream): Telemetry {
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // An event has no free text: its name says what happened.
      messageKey: 'message',
    },
    destination,
  )
  return { record: (event) => logger[levelOf(event)](rounded(event)) }
}

/** Durations in the log are good to a hundredth of a millisecond. */
function rounded(event: GatewayEvent): GatewayEvent {
  if (event.event !== 'request' && event.event !== 'upstream') return event
  const copy = { ...event, durationMs: hundredths(event.durationMs) }
  return copy.event === 'request' && copy.upstreamMs !== undefined
    ? { ...copy, upstreamMs: hundredths(copy.upstreamMs) }
    : copy
}

const hundredths = (ms: number): number => Math.round(ms * 100) / 100

/** Operators alert on `error`, look at `warn`, and keep `info`. */
function levelOf(event: GatewayEvent): LogLevel {
  switch (event.event) {
    case 'request':
      return event.status >= 500 ? 'warn' : 'info'
    case 'upstream':
      return 'debug'
    case 'upstream_auth_failed':
    case 'internal_error':
    case 'ledger_failed':
      return 'error'
    case 'ledger_evicted':
    case 'lease_lost':
    case 'connection_refused':
      return 'warn'
    case 'lifecycle':
      return event.what === 'config_refused' ? 'error' : 'info'
  }
}
