import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { contextWith, hash, load, smallest } from './fixture.ts'

function loaded(raw: unknown, context = contextWith()) {
  const result = load(raw, context)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.config
}

describe('a config without faults', () => {
  test('gets the documented defaults for everything that is not written', () => {
    const { upstream, ledger, accounts, tenants } = loaded(smallest())
    expect(upstream).toEqual({
      baseUrl: 'https://api.example.com/v1',
      timeoutMs: 35_000,
      maxRetries: 2,
      maxInFlight: 4096,
      replyButtonsAs: 'reply_buttons',
    })
    expect(ledger).toEqual({ kind: 'memory' })
    expect(accounts.get('acme')).toMatchObject({ id: 'acme', writePerMinute: 60, readPerMinute: 600 })
    expect(accounts.get('acme')).not.toHaveProperty('nextToken')
    expect(tenants.get('billing')).toEqual({
      id: 'billing',
      account: accounts.get('acme'),
      phoneNumberIds: new Set(['106540352242922']),
      quotas: { writePerMinute: 60, readPerMinute: 600, maxConcurrent: 64 },
      weight: 1,
      suspended: false,
    })
  })

  test('keeps everything that is written', () => {
    const raw = {
      $schema: './gateway.schema.json',
      upstream: {
        baseUrl: 'https://a.example/v1',
        timeoutMs: 0.5,
        maxRetries: 0,
        maxInFlight: 7,
        replyButtonsAs: 'button',
      },
      ledger: { kind: 'memory' },
      accounts: {
        acme: { token: 'env:TOKEN', nextToken: 'env:NEXT', writePerMinute: 600, readPerMinute: 6000 },
      },
      tenants: {
        billing: {
          account: 'acme',
          phoneNumberIds: ['106540352242922', '206540352242922'],
          defaultCountry: 'ID',
          keys: [
            {
              id: 'key_ci',
              sha256: hash(1),
              label: 'ci',
              expiresAt: '2027-01-01T07:00:00+07:00',
              scopes: ['read'],
            },
          ],
          quotas: {
            writePerMinute: 1000,
            readPerMinute: 7000,
            messagesPerDay: 10,
            messagesPerMonth: 20,
            maxConcurrent: 1,
          },
          weight: 3,
          suspended: true,
        },
      },
    }
    const config = loaded(raw, contextWith({ TOKEN: 'first', NEXT: 'second' }))
    const account = config.accounts.get('acme')
    expect(config.upstream).toEqual(raw.upstream)
    expect(account?.token.reveal()).toBe('first')
    expect(account?.nextToken?.reveal()).toBe('second')
    expect(account).toMatchObject({ writePerMinute: 600, readPerMinute: 6000 })
    expect(config.tenants.get('billing')).toMatchObject({
      defaultCountry: 'ID',
      quotas: raw.tenants.billing.quotas,
      weight: 3,
      suspended: true,
    })
    expect(config.credentials.get(hash(1))).toEqual({
      tenant: config.tenants.get('billing'),
      key: {
        id: 'key_ci',
        label: 'ci',
        expiresAt: Date.UTC(2027, 0, 1),
        scopes: new Set(['read']),
      },
    })
  })

  test('adds up the weights of the tenants of each account', () => {
    const raw = smallest()
    const { billing } = raw.tenants
    raw.accounts = { acme: { token: 'env:TOKEN' }, other: { token: 'env:TOKEN' } }
    raw.tenants = {
      billing: { ...billing, weight: 2 },
      crm: { ...billing, keys: [] },
      ops: { account: 'other', phoneNumberIds: ['206540352242922'], keys: [], weight: 1000 },
    }
    const { accounts, tenants } = loaded(raw)
    expect([accounts.get('acme')?.weights, accounts.get('other')?.weights]).toEqual([3, 1000])
    expect(tenants.get('ops')?.account).toBe(accounts.get('other'))
  })

  test.each(['*', ['*'], ['*', '106540352242922']])('reads phoneNumberIds %j as all numbers', (numbers) => {
    const raw = smallest()
    raw.tenants.billing = { ...raw.tenants.billing, phoneNumberIds: numbers }
    expect(loaded(raw).tenants.get('billing')?.phoneNumberIds).toBe('*')
  })

  test('locks a tenant out when its list of keys is empty', () => {
    const raw = smallest()
    raw.tenants.billing = { ...raw.tenants.billing, keys: [] }
    const config = loaded(raw)
    expect(config.tenants.size).toBe(1)
    expect(config.credentials.size).toBe(0)
  })

  test('takes ids that are also names of object methods', () => {
    const raw = smallest()
    raw.accounts = { constructor: { token: 'env:TOKEN' } }
    raw.tenants = { constructor: { account: 'constructor', phoneNumberIds: '*', keys: [] } }
    expect(loaded(raw).tenants.get('constructor')?.account.id).toBe('constructor')
  })

  test('lets two tenants of one account share a number', () => {
    const raw = smallest()
    raw.tenants.support = { account: 'acme', phoneNumberIds: ['106540352242922'], keys: [] }
    expect(loaded(raw).tenants.size).toBe(2)
  })

  test('uses the runtime’s default ledger, also when the section is there without a kind', () => {
    const context = {
      ...contextWith(),
      ledgers: ['durable-object'],
      defaultLedger: 'durable-object',
    } as const
    expect(loaded(smallest(), context).ledger).toEqual({ kind: 'durable-object' })
    expect(loaded({ ...smallest(), ledger: {} }, context).ledger).toEqual({ kind: 'durable-object' })
  })

  test('resolves the Redis URL where Redis is available', () => {
    const context = { ...contextWith({ TOKEN: 't', REDIS: 'redis://h:6379' }), ledgers: ['redis'] as const }
    const { ledger } = loaded({ ...smallest(), ledger: { kind: 'redis', url: 'env:REDIS' } }, context)
    expect(ledger.kind === 'redis' && ledger.url.reveal()).toBe('redis://h:6379')
  })

  test('may start with a byte order mark', () => {
    expect(loadConfig(`\uFEFF${JSON.stringify(smallest())}`, contextWith()).ok).toBe(true)
  })

  test('of 10,000 tenants loads in less than a second', () => {
    const raw = smallest()
    raw.tenants = {}
    for (let index = 0; index < 10_000; index += 1) {
      raw.tenants[`team-${index}`] = {
        account: 'acme',
        phoneNumberIds: [String(100_000_000_000 + index)],
        defaultCountry: 'ID',
        keys: [{ id: 'key_ci', sha256: hash(index), label: 'ci', expiresAt: '2027-01-01T00:00:00Z' }],
        quotas: { messagesPerDay: 10_000 },
      }
    }
    const text = JSON.stringify(raw, null, 2)
    // The better of two runs: the machine may be busy with something else.
    const times = [0, 1].map(() => {
      const start = performance.now()
      expect(loadConfig(text, contextWith()).ok).toBe(true)
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(1000)
  })
})
