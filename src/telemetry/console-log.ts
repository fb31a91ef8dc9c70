import type { Clock, Telemetry } from '../ports.ts'
import { type LogLevel, levelOf, logLevels, rounded } from './lines.ts'

/** The same JSON lines as `log.ts`, through `write`: on Workers the console is the log. */
export function createConsoleLog(level: LogLevel, clock: Clock, write: (line: string) => void): Telemetry {
  const least = logLevels.indexOf(level)
  return {
    record(event) {
      const own = levelOf(event)
      if (logLevels.indexOf(own) < least) return
      write(JSON.stringify({ level: own, time: new Date(clock.now()).toISOString(), ...rounded(event) }))
    },
  }
}
