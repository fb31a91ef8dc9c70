import { type LoadContext, type LoadedConfig, loadConfig } from '../../src/config.ts'

/** The sha256 of no known key, different for each `number`. */
export const hash = (number: number): string => number.toString(16).padStart(64, '0')

/** The smallest legal config, as JSON would give it; free to be changed by the test. */
export function smallest() {
  return {
    upstream: { baseUrl: 'https://api.example.com/v1' } as Record<string, unknown>,
    accounts: { acme: { token: 'env:TOKEN' } } as Record<string, Record<string, unknown>>,
    tenants: {
      billing: {
        account: 'acme',
        phoneNumberIds: ['106540352242922'],
        keys: [{ id: 'key_ci', sha256: hash(1) }],
      },
    } as Record<string, Record<string, unknown>>,
  }
}

export function contextWith(
  env: Readonly<Record<string, string>> = { TOKEN: 'kdv_live_abc' },
  file?: (path: string) => string,
): LoadContext {
  const secrets = { env: (name: string) => env[name], ...(file && { file }) }
  return { secrets, ledgers: ['memory'], defaultLedger: 'memory' }
}

export const load = (raw: unknown, context: LoadContext = contextWith()): LoadedConfig =>
  loadConfig(JSON.stringify(raw), context)

/** The faults as `path: message`; empty when the config is fine. */
export function faultsOf(raw: unknown, context?: LoadContext): string[] {
  const loaded = load(raw, context)
  return loaded.ok ? [] : loaded.faults.map(({ path, message }) => `${path}: ${message}`)
}

/** The paths of the faults. */
export function pathsOf(raw: unknown, context?: LoadContext): string[] {
  const loaded = load(raw, context)
  return loaded.ok ? [] : loaded.faults.map(({ path }) => path)
}
