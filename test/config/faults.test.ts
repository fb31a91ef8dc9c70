import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatFaults, showName } from '../../src/config/faults.ts'
import { loadConfig } from '../../src/config.ts'
import { contextWith, faultsOf, hash, pathsOf, smallest } from './fixture.ts'

/** The smallest config with one value set at `path`. */
function withValue(path: string, value: unknown): unknown {
  const raw: unknown = smallest()
  const names = path.split('.')
  let place = raw as Record<string, unknown>
  for (const name of names.slice(0, -1)) {
    place[name] ??= {}
    place = place[name] as Record<string, unknown>
  }
  const last = names.at(-1) ?? ''
  if (value === undefined) delete place[last]
  else place[last] = value
  return raw
}

describe('a value that is not legal', () => {
  test.each<[path: string, value: unknown]>([
    ['upstream', undefined],
    ['upstream', null],
    ['upstream.baseUrl', undefined],
    ['upstream.baseUrl', 7],
    ['upstream.timeoutMs', 0],
    ['upstream.timeoutMs', -1],
    ['upstream.timeoutMs', '35000'],
    ['upstream.maxRetries', -1],
    ['upstream.maxRetries', 1.5],
    ['upstream.maxInFlight', 0],
    ['upstream.maxInFlight', 1.5],
    ['upstream.replyButtonsAs', 'buttons'],
    ['ledger', 'memory'],
    ['ledger.kind', 'sqlite'],
    ['accounts', undefined],
    ['accounts', []],
    ['accounts.acme', null],
    ['accounts.acme.token', undefined],
    ['accounts.acme.writePerMinute', 0],
    ['accounts.acme.readPerMinute', 1_000_000_001],
    ['tenants', undefined],
    ['tenants.billing', []],
    ['tenants.billing.weight', 0],
    ['tenants.billing.weight', 1001],
    ['tenants.billing.weight', 1.5],
    ['tenants.billing.account', undefined],
    ['tenants.billing.account', 'unknown'],
    ['tenants.billing.account', 'toString'],
    ['tenants.billing.phoneNumberIds', undefined],
    ['tenants.billing.phoneNumberIds', []],
    ['tenants.billing.phoneNumberIds', 'all'],
    ['tenants.billing.phoneNumberIds.0', 106540352242922],
    ['tenants.billing.phoneNumberIds.0', '12345'],
    ['tenants.billing.phoneNumberIds.0', '+106540352242922'],
    ['tenants.billing.phoneNumberIds.0', '1'.repeat(21)],
    ['tenants.billing.defaultCountry', 'id'],
    ['tenants.billing.defaultCountry', 'ZZ'],
    ['tenants.billing.defaultCountry', 'IDN'],
    ['tenants.billing.keys', undefined],
    ['tenants.billing.keys', {}],
    ['tenants.billing.keys.0.id', undefined],
    ['tenants.billing.keys.0.id', 'Key'],
    ['tenants.billing.keys.0.id', 'k'.repeat(65)],
    ['tenants.billing.keys.0.sha256', undefined],
    ['tenants.billing.keys.0.sha256', 'A'.repeat(64)],
    ['tenants.billing.keys.0.sha256', 'a'.repeat(63)],
    ['tenants.billing.keys.0.label', 3],
    ['tenants.billing.keys.0.expiresAt', '2027-01-01'],
    ['tenants.billing.keys.0.expiresAt', '2027-01-01T00:00:00'],
    ['tenants.billing.keys.0.expiresAt', '2027-02-29T00:00:00Z'],
    ['tenants.billing.keys.0.expiresAt', 1798761600000],
    ['tenants.billing.keys.0.scopes', 'read'],
    ['tenants.billing.quotas', null],
    ['tenants.billing.quotas.messagesPerDay', 0],
    ['tenants.billing.quotas.messagesPerMonth', 1.5],
    ['tenants.billing.quotas.maxConcurrent', -1],
    ['tenants.billing.suspended', 'false'],
    ['$schema', 1],
  ])('at %s (%j) is a fault with that path', (path, value) => {
    expect(pathsOf(withValue(path, value))).toContain(path)
  })

  test('is one fault only', () => {
    expect(pathsOf(withValue('upstream.timeoutMs', -1))).toEqual(['upstream.timeoutMs'])
    expect(pathsOf(withValue('tenants.billing.phoneNumberIds', ['1', '*', 2]))).toEqual([
      'tenants.billing.phoneNumberIds.0',
      'tenants.billing.phoneNumberIds.2',
    ])
    expect(pathsOf(withValue('tenants.billing.keys.0.scopes', ['read', 'write']))).toEqual([
      'tenants.billing.keys.0.scopes.1',
    ])
  })

  test.each(['Acme', '-acme', 'a b', 'a'.repeat(65), '', 'ä'])('as the id %j is a fault', (id) => {
    const raw = smallest()
    raw.accounts[id] = { token: 'env:TOKEN' }
    expect(faultsOf(raw).filter((each) => each.includes('is no id'))).toHaveLength(1)
  })

  test('below a bad id is reported together with the id', () => {
    const raw = smallest()
    raw.accounts.Other = { token: 7 }
    expect(pathsOf(raw)).toEqual(['accounts.Other.token', 'accounts.Other'])
  })

  test('can be missing everywhere: at least one account and one tenant are needed', () => {
    expect(faultsOf({ ...smallest(), accounts: {}, tenants: {} })).toEqual([
      'accounts: needs at least one account',
      'tenants: needs at least one tenant',
    ])
    expect(pathsOf({})).toEqual(['upstream', 'accounts', 'tenants'])
    expect(faultsOf([])).toEqual(['(root): must be an object'])
    expect(faultsOf(null)).toEqual(['(root): must be an object'])
  })
})

describe('an unknown key', () => {
  test.each([
    ['extra', 'known here: $schema, upstream, ledger, accounts, tenants'],
    ['upstream.timeout', 'known here: baseUrl, timeoutMs, maxRetries, maxInFlight, replyButtonsAs'],
    ['ledger.path', 'known here: kind, url'],
    ['accounts.acme.tokens', 'known here: token, nextToken, writePerMinute, readPerMinute'],
    ['tenants.billing.number', 'known here: account, phoneNumberIds, defaultCountry'],
    ['tenants.billing.keys.0.key', 'known here: id, sha256, label, expiresAt, scopes'],
    ['tenants.billing.quotas.perDay', 'known here: writePerMinute, readPerMinute, messagesPerDay'],
  ])('%s is refused with the keys that are known there', (path, hint) => {
    const [fault, ...others] = faultsOf(withValue(path, 1))
    expect(fault).toContain(`${path}: is not a known key; ${hint}`)
    expect(others).toEqual([])
  })
})

describe('parts that do not fit together', () => {
  test('two keys of a tenant with one id', () => {
    const raw = smallest()
    raw.tenants.billing = {
      ...raw.tenants.billing,
      keys: [1, 2].map((each) => ({ id: 'key_ci', sha256: hash(each) })),
    }
    expect(pathsOf(raw)).toEqual(['tenants.billing.keys.1.id'])
  })

  test('one id for keys of two tenants is fine', () => {
    const raw = smallest()
    raw.tenants.other = { ...raw.tenants.billing, keys: [{ id: 'key_ci', sha256: hash(2) }] }
    expect(pathsOf(raw)).toEqual([])
  })

  test('one hash under two tenants', () => {
    const raw = smallest()
    raw.tenants.other = { ...raw.tenants.billing, keys: [{ id: 'key_x', sha256: hash(1) }] }
    expect(faultsOf(raw)).toEqual(['tenants.other.keys.0.sha256: is the same as at tenants.billing.keys.0'])
  })

  test('one number under tenants of two accounts', () => {
    const raw = smallest()
    raw.accounts.other = { token: 'env:TOKEN' }
    raw.tenants.other = { account: 'other', phoneNumberIds: ['*', '106540352242922'], keys: [] }
    expect(faultsOf(raw)).toEqual([
      'tenants.other.phoneNumberIds.1: is also listed by tenant "billing", which belongs to another account',
    ])
  })

  test('a ledger that this runtime does not have', () => {
    expect(faultsOf({ ...smallest(), ledger: { kind: 'durable-object' } })).toEqual([
      'ledger.kind: durable-object is not available in this runtime; available: memory',
    ])
  })

  test('redis without a URL, and a URL without redis', () => {
    const context = { ...contextWith(), ledgers: ['memory', 'redis'] as const }
    expect(faultsOf({ ...smallest(), ledger: { kind: 'redis' } }, context)).toEqual([
      'ledger.url: is required by redis',
    ])
    expect(faultsOf({ ...smallest(), ledger: { url: 'env:TOKEN' } }, context)).toEqual([
      'ledger.url: is for redis only; the ledger is memory',
    ])
  })
})

describe('all faults', () => {
  test('of shape, references and secrets are reported in one run, one line each', () => {
    const raw = smallest()
    raw.upstream.timeoutMs = 'soon'
    raw.accounts.acme = { token: 'env:MISSING', nextToken: 'kdv_live_pasted' }
    raw.tenants.billing = { ...raw.tenants.billing, account: 'nobody', suspended: 1 }
    const loaded = loadConfig(JSON.stringify(raw), contextWith())
    expect(loaded.ok ? '' : formatFaults(loaded.faults)).toBe(
      [
        'upstream.timeoutMs: must be a number',
        'accounts.acme.nextToken: must say where the secret is, never the secret itself: env:NAME or file:/absolute/path',
        'tenants.billing.suspended: must be true or false',
        'tenants.billing.account: names an account that is not under "accounts": "nobody"',
        'accounts.acme.token: environment variable "MISSING" is not set',
        '',
      ].join('\n'),
    )
  })

  test('name a place in the config, or the place where something is missing', () => {
    const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.constantFrom('*', 'acme', 'x'))
    const places = [
      'upstream',
      'upstream.baseUrl',
      'upstream.maxRetries',
      'ledger',
      'accounts',
      'accounts.acme',
      'accounts.acme.token',
      'tenants.billing',
      'tenants.billing.account',
      'tenants.billing.phoneNumberIds',
      'tenants.billing.phoneNumberIds.0',
      'tenants.billing.keys',
      'tenants.billing.keys.0',
      'tenants.billing.keys.0.sha256',
      'tenants.billing.quotas',
      'tenants.billing.extra',
    ]
    const object = fc.object({ key: fc.stringMatching(/^[a-z]{1,5}$/) })
    const value = fc.oneof(leaf, fc.array(leaf), object, fc.array(object))
    fc.assert(
      fc.property(fc.constantFrom(...places), value, (place, written) => {
        const raw = withValue(place, written)
        for (const path of pathsOf(raw)) expect(parentExists(raw, path), path).toBe(true)
      }),
    )
  })

  test('never hold a control character, whatever the names in the config are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const raw = { ...smallest(), [name]: 1, accounts: { [name]: {} } }
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
        for (const line of faultsOf(raw)) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      }),
    )
  })

  test('withhold names that look like a credential, and shorten long ones', () => {
    expect(showName('kdv_live_AbCdEf')).toBe('(withheld: looks like a credential)')
    expect(pathsOf({ ...smallest(), kgw_AbCdEf: 1 })).toEqual(['(withheld: looks like a credential)'])
    expect(showName('n'.repeat(65))).toBe(`"${'n'.repeat(64)}…"`)
  })
})

/** Whether all of a dotted `path` but its last name can be walked in `raw`. */
function parentExists(raw: unknown, path: string): boolean {
  let place = raw
  for (const name of path.split('.').slice(0, -1)) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return false
    place = Reflect.get(place, name)
  }
  return true
}
