import type { ConfigFault } from '../config/faults.ts'
import { decodeGatewaySecret } from '../config/gateway-secret.ts'
import { type Config, type LoadContext, loadConfig } from '../config.ts'
import type { Clock } from '../ports.ts'

/** Bindings of the Worker. Secrets that the config names as `env:NAME` are bindings called NAME. */
export interface WorkerEnv {
  readonly GATEWAY_CONFIG?: string
  readonly GATEWAY_SECRET?: string
  /** Where the config is when `GATEWAY_CONFIG` is not set: under the key `config`. */
  readonly GATEWAY_KV?: Pick<KVNamespace, 'get'>
  readonly LOG_LEVEL?: string
}

/** How long an isolate works with a config from KV before it looks again; KV itself may lag by as much. */
export const CONFIG_TTL_MS = 30_000
const CONFIG_KEY = 'config'

export type WorkerConfig =
  | { readonly ok: true; readonly config: Config; readonly secret: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

const context = (env: WorkerEnv): LoadContext => ({
  secrets: {
    env: (name) => {
      const value: unknown = Reflect.get(env, name)
      return typeof value === 'string' ? value : undefined
    },
  },
  ledgers: ['durable-object'],
  defaultLedger: 'durable-object',
})

/** Loads the config `text` with the secrets of `env`; faults of the config and of `GATEWAY_SECRET` together. */
export function loadWorkerConfig(text: string, env: WorkerEnv): WorkerConfig {
  const secret = decodeGatewaySecret(env.GATEWAY_SECRET)
  const loaded = loadConfig(text, context(env))
  const faults = [...(secret.ok ? [] : [secret.fault]), ...(loaded.ok ? [] : loaded.faults)]
  return secret.ok && loaded.ok
    ? { ok: true, config: loaded.config, secret: secret.bytes }
    : { ok: false, faults }
}

/**
 * Makes the reader of the config's text: from the variable, else from KV, which is asked again after
 * `CONFIG_TTL_MS`. While KV is out of reach the last text stays. Undefined: there is no config.
 */
export function createTextSource(clock: Clock): (env: WorkerEnv) => Promise<string | undefined> {
  let known: { readonly text: string | undefined; readonly readAt: number } | undefined
  return async ({ GATEWAY_CONFIG, GATEWAY_KV }) => {
    if (GATEWAY_CONFIG !== undefined) return GATEWAY_CONFIG
    if (GATEWAY_KV === undefined) return undefined
    if (known !== undefined && clock.now() - known.readAt < CONFIG_TTL_MS) return known.text
    try {
      const text = await GATEWAY_KV.get(CONFIG_KEY, { cacheTtl: CONFIG_TTL_MS / 1000 })
      known = { text: text ?? undefined, readAt: clock.now() }
    } catch (error) {
      if (known === undefined) throw error
    }
    return known.text
  }
}
