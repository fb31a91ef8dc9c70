import type { ConfigFault } from '../config/faults.ts'
import { decodeGatewaySecret } from '../config/gateway-secret.ts'
import { type LogLevel, logLevels } from '../telemetry/lines.ts'
import type { Variables } from './config-source.ts'

/** What the process is told by its environment (interface §2). */
export interface Environment {
  /** Absent: sandbox mode. */
  readonly configPath?: string
  /** Absent: sandbox mode without a secret of its own. */
  readonly secret?: Uint8Array
  readonly host: string
  readonly port: number
  /** Absent: metrics are not served. */
  readonly metricsPort?: number
  readonly logLevel: LogLevel
}

export type ReadEnvironment =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** Reads and checks the variables; gives all faults at once, none with a value. */
export function readEnvironment(variables: Variables): ReadEnvironment {
  const faults: ConfigFault[] = []
  const fault = (path: string, message: string) => faults.push({ path, message })
  const given = (name: string): string | undefined => variables[name] || undefined

  const port = (name: string): number | undefined => {
    const text = given(name)
    if (text === undefined) return undefined
    const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
    if (!(number <= 65_535)) fault(name, 'must be a port number from 0 to 65535')
    return number
  }
  const listenPort = port('PORT') ?? 8787
  const metricsPort = port('METRICS_PORT')

  const logLevel = logLevels.find((level) => level === (given('LOG_LEVEL') ?? 'info'))
  if (logLevel === undefined) fault('LOG_LEVEL', `must be one of ${logLevels.join(', ')}`)

  const configPath = given('GATEWAY_CONFIG')
  const secret = readSecret(given('GATEWAY_SECRET'), configPath !== undefined, fault)

  if (logLevel === undefined || faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    environment: {
      host: given('HOST') ?? '127.0.0.1',
      port: listenPort,
      logLevel,
      ...(configPath !== undefined && { configPath }),
      ...(secret !== undefined && { secret }),
      ...(metricsPort !== undefined && { metricsPort }),
    },
  }
}

function readSecret(
  text: string | undefined,
  required: boolean,
  fault: (path: string, message: string) => void,
): Uint8Array | undefined {
  if (text === undefined && !required) return undefined
  const decoded = decodeGatewaySecret(text)
  if (decoded.ok) return decoded.bytes
  fault(decoded.fault.path, decoded.fault.message)
  return undefined
}
