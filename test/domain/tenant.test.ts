import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayUseNumber, Secret, type Tenant } from '../../src/domain/tenant.ts'

const VALUE = 'kdv_live_madeUpForTheseTests000'
const secret = new Secret(VALUE)
const nested = {
  account: { token: secret, list: [secret], map: new Map([[secret, secret]]), set: new Set([secret]) },
}
const untyped: unknown = secret

const inspectOptions = [
  {},
  { showHidden: true },
  { depth: null },
  { customInspect: false },
  { showHidden: true, depth: null, customInspect: false, showProxy: true, getters: true, compact: false },
]

describe('a secret', () => {
  test('comes out of reveal() unchanged', () => {
    fc.assert(fc.property(fc.string(), (value) => new Secret(value).reveal() === value))
  })

  test.each<[way: string, print: () => unknown]>([
    ['String()', () => String(secret)],
    ['a template', () => `${untyped}`],
    ['concatenation', () => `token: ${untyped}`.concat(String(secret))],
    ['addition', () => (untyped as number) + 1],
    ['toString()', () => secret.toString()],
    ['toLocaleString()', () => secret.toLocaleString()],
    ['joining a list', () => [secret, secret].join()],
    ['a number', () => String(Number(untyped))],
    ['JSON of itself', () => JSON.stringify(secret)],
    ['JSON of something around it', () => JSON.stringify({ token: secret, list: [secret] }, null, 2)],
    ['JSON with a replacer', () => JSON.stringify({ token: secret }, (_key, value) => value)],
    ['a key of an object', () => JSON.stringify({ [String(untyped)]: 1 })],
    ['%s', () => format('%s', secret)],
    ['%o', () => format('%o', nested)],
    ['%O', () => format('%O', nested)],
    ['%j', () => format('%j', { token: secret })],
    ['%d', () => format('%d', secret)],
    ['logging without a format', () => format(secret, nested)],
    ['an error’s message', () => new Error(`failed with ${untyped}`).message],
    [
      'an error’s cause',
      () => inspect(new Error('failed', { cause: nested }), { depth: null, showHidden: true }),
    ],
    [
      'an error’s property',
      () => inspect(Object.assign(new Error('failed'), { token: secret }), { depth: null }),
    ],
    ['an aggregate error', () => inspect(new AggregateError([nested]), { depth: null, showHidden: true })],
    ['URL parameters', () => new URLSearchParams({ token: untyped as string }).toString()],
    ['a header', () => [...new Headers({ token: untyped as string })].join()],
    ['a symbol', () => Symbol(untyped as string).toString()],
  ])('does not show in %s', (_way, print) => {
    expect(print()).not.toContain('kdv_live')
  })

  test.each(inspectOptions)('does not show in util.inspect with %o', (options) => {
    expect(inspect(secret, options)).not.toContain('kdv_live')
    expect(inspect(nested, { depth: 9, ...options })).not.toContain('kdv_live')
    expect(inspect(new Proxy(secret, {}), options)).not.toContain('kdv_live')
  })

  test('prints as [redacted], so that a reader sees that something was there', () => {
    expect(`${secret}`).toBe('[redacted]')
    expect(JSON.stringify({ token: secret })).toBe('{"token":"[redacted]"}')
    expect(inspect({ token: secret })).toBe('{ token: [redacted] }')
  })

  test('has no property that holds it, own or inherited', () => {
    expect(Reflect.ownKeys(secret)).toEqual([])
    expect(Object.entries(secret)).toEqual([])
    expect(Object.getOwnPropertyNames(secret)).toEqual([])
    expect(Object.getOwnPropertyDescriptors(secret)).toEqual({})
    expect({ ...secret }).toEqual({})
    expect(Object.assign({}, secret)).toEqual({})
    const inherited = []
    for (const key in secret) inherited.push(key)
    expect(inherited).toEqual([])
  })

  test('does not survive copying', () => {
    expect(inspect(structuredClone(secret), { showHidden: true })).not.toContain('kdv_live')
    expect(inspect(structuredClone(nested), { depth: null })).not.toContain('kdv_live')
    expect(serialize(nested).toString('latin1')).not.toContain('kdv_live')
    expect(() => Object.create(secret).reveal()).toThrow(TypeError)
  })
})

describe('a tenant', () => {
  const tenant: Tenant = {
    id: 'billing',
    account: { id: 'acme', token: secret, writePerMinute: 60, readPerMinute: 600, weights: 1 },
    phoneNumberIds: new Set(['106540352242922']),
    quotas: { writePerMinute: 60, readPerMinute: 600, maxConcurrent: 64 },
    weight: 1,
    suspended: false,
  }

  test('may use the numbers that are listed, and no other', () => {
    expect(mayUseNumber(tenant, '106540352242922')).toBe(true)
    expect(mayUseNumber(tenant, '106540352242923')).toBe(false)
  })

  test('may use every well-formed number with "*"', () => {
    const all: Tenant = { ...tenant, phoneNumberIds: '*' }
    expect(mayUseNumber(all, '106540352242923')).toBe(true)
    for (const text of [
      '',
      '*',
      '12345',
      '1'.repeat(21),
      '1234567a',
      '123456\n',
      '../123456',
      '１２３４５６',
    ]) {
      expect(mayUseNumber(all, text), text).toBe(false)
    }
  })

  test('prints without the token of its account', () => {
    expect(JSON.stringify(tenant)).not.toContain('kdv_live')
    expect(inspect(tenant, { depth: null, showHidden: true })).not.toContain('kdv_live')
  })
})
