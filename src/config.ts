import { checkShape } from './config/check-shape.ts'
import { crossCheck } from './config/cross-check.ts'
import type { ConfigFault } from './config/faults.ts'
import { readJson } from './config/json-source.ts'
import { outlineSchema } from './config/outline.ts'
import type { ConfigShape, LedgerKind, OutagePolicy, TenantShape } from './config/schema.ts'
import { resolveSecrets, type SecretSource } from './config/secrets.ts'
import type { Account, Credential, GatewayKey, Secret, Tenant } from './domain/tenant.ts'

/** A config without faults: defaults filled in, secrets resolved, references followed. */
export interface Config {
  readonly upstream: {
    /** Without a trailing slash. */
    readonly baseUrl: string
    readonly timeoutMs: number
    readonly maxRetries: number
    readonly maxInFlight: number
    readonly replyButtonsAs: 'reply_buttons' | 'button'
  }
  readonly ledger: LedgerConfig
  readonly accounts: ReadonlyMap<string, Account>
  readonly tenants: ReadonlyMap<string, Tenant>
  /** By lower-case hex SHA-256 of the key text. */
  readonly credentials: ReadonlyMap<string, Credential>
}

export type LedgerConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly url: Secret; readonly onOutage: OutagePolicy }
  | { readonly kind: 'durable-object' }

export interface LoadContext {
  readonly secrets: SecretSource
  /** The kinds of ledger that this runtime has. */
  readonly ledgers: readonly LedgerKind[]
  readonly defaultLedger: LedgerKind
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** Loads the JSON `text` of a config (interface §3). On failure gives all faults at once, none with a secret. */
export function loadConfig(text: string, context: LoadContext): LoadedConfig {
  const source = readJson(text)
  if (!source.ok) return { ok: false, faults: [source.fault] }
  const outline = outlineSchema.parse(source.value)
  const shape = checkShape(source.value)
  const { secrets, faults: secretFaults } = resolveSecrets(outline, context.secrets)
  const faults = [
    ...source.faults,
    ...(shape.ok ? [] : shape.faults),
    ...crossCheck(outline, context.ledgers, context.defaultLedger),
    ...secretFaults,
  ]
  if (!shape.ok || faults.length > 0) return { ok: false, faults }
  return { ok: true, config: build(shape.value, secrets, context.defaultLedger) }
}

function build(shape: ConfigShape, secrets: ReadonlyMap<string, Secret>, defaultLedger: LedgerKind): Config {
  const secretAt = (written: string): Secret => present(secrets.get(written))
  const accounts = new Map<string, Account>()
  const tenants = new Map<string, Tenant>()
  const credentials = new Map<string, Credential>()

  const weightsOf = new Map<string, number>()
  for (const { account, weight } of Object.values(shape.tenants)) {
    weightsOf.set(account, (weightsOf.get(account) ?? 0) + weight)
  }
  for (const [id, { token, nextToken, writePerMinute, readPerMinute }] of Object.entries(shape.accounts)) {
    const next = nextToken === undefined ? {} : { nextToken: secretAt(nextToken) }
    const weights = weightsOf.get(id) ?? 0
    accounts.set(id, { id, token: secretAt(token), ...next, writePerMinute, readPerMinute, weights })
  }
  for (const [id, written] of Object.entries(shape.tenants)) {
    const tenant = buildTenant(id, written, present(accounts.get(written.account)))
    tenants.set(id, tenant)
    for (const key of written.keys) credentials.set(key.sha256, { tenant, key: buildKey(key) })
  }
  const kind = shape.ledger.kind ?? defaultLedger
  const ledger: LedgerConfig =
    kind === 'redis'
      ? { kind, url: secretAt(present(shape.ledger.url)), onOutage: shape.ledger.onOutage }
      : { kind }
  return { upstream: shape.upstream, ledger, accounts, tenants, credentials }
}

function buildTenant(id: string, written: TenantShape, account: Account): Tenant {
  const { phoneNumberIds, defaultCountry, weight, suspended } = written
  const { messagesPerDay, messagesPerMonth, ...rates } = written.quotas
  return {
    id,
    account,
    phoneNumberIds: phoneNumberIds === '*' || phoneNumberIds.includes('*') ? '*' : new Set(phoneNumberIds),
    ...(defaultCountry !== undefined && { defaultCountry }),
    quotas: {
      ...rates,
      ...(messagesPerDay !== undefined && { messagesPerDay }),
      ...(messagesPerMonth !== undefined && { messagesPerMonth }),
    },
    weight,
    suspended,
  }
}

function buildKey({ id, label, expiresAt, scopes }: TenantShape['keys'][number]): GatewayKey {
  return {
    id,
    ...(label !== undefined && { label }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(scopes !== undefined && { scopes: new Set(scopes) }),
  }
}

/** The checks before have made sure of it; a miss is a bug in them. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the config was built in spite of a fault')
  return value
}
