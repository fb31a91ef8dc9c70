import { createHash } from 'node:crypto'
import type { OrganisationOptions } from '../../src/sandbox/organisation.ts'

/** Upstream tokens of the tests. Each holds the word CANARY, which must never be seen outside the upstream call. */
export const tokens = {
  acme: 'kdv_live_CANARY_acme_aaaaaaaaaaaaa',
  globex: 'kdv_live_CANARY_globex_bbbbbbbbbbb',
  initech: 'kdv_live_CANARY_initech_refused_cc',
} as const

export const CANARY = 'CANARY'

export const numbers = {
  acme: ['106540352242922', '106540352242923'],
  globex: ['206540352242922'],
  initech: ['306540352242922'],
} as const

export const [acmeNumber] = numbers.acme
export const [globexNumber] = numbers.globex

/** What the sandbox knows; it has never heard of initech's token. */
export const organisations: OrganisationOptions[] = [
  { name: 'acme', tokens: [tokens.acme], phoneNumberIds: numbers.acme },
  { name: 'globex', tokens: [tokens.globex], phoneNumberIds: numbers.globex },
]

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The key of a tenant of the fixture. */
export const keyOf = (tenant: string): string => `kgw_test_${tenant}`

type Json = Record<string, unknown>

const generous = { writePerMinute: 100_000, readPerMinute: 100_000, maxConcurrent: 2000 }

const tenant = (id: string, account: keyof typeof numbers, more: Json = {}): [string, Json] => [
  id,
  {
    account,
    phoneNumberIds: [...numbers[account]],
    quotas: generous,
    ...more,
    keys: [
      { id: `key_${id}`, label: id, sha256: sha256(keyOf(id)) },
      ...((more.keys as Json[] | undefined) ?? []),
    ],
  },
]

/** The secret of the fixture, as base64 and as bytes. */
export const secretBytes = Buffer.from('a secret of the tests, 32+ bytes long')
export const gatewaySecret = secretBytes.toString('base64')

/** A config with a tenant for every occasion. Tenants with small quotas are for one test each. */
export const config = (baseUrl: string, upstream: Json = {}): Json => ({
  upstream: { baseUrl, ...upstream },
  accounts: {
    acme: { token: 'env:TOKEN_ACME', writePerMinute: 100_000, readPerMinute: 100_000 },
    globex: { token: 'env:TOKEN_GLOBEX', writePerMinute: 2, readPerMinute: 100_000 },
    initech: { token: 'env:TOKEN_INITECH' },
  },
  tenants: Object.fromEntries([
    tenant('billing', 'acme', {
      keys: [
        { id: 'key_old', sha256: sha256('kgw_test_old'), expiresAt: '2020-01-01T00:00:00Z' },
        { id: 'key_read', sha256: sha256('kgw_test_read'), scopes: ['read'] },
        { id: 'key_send', sha256: sha256('kgw_test_send'), scopes: ['messages:send'] },
      ],
    }),
    tenant('crm', 'acme', { phoneNumberIds: ['*'], defaultCountry: 'ID' }),
    tenant('globex', 'globex'),
    tenant('initech', 'initech'),
    tenant('suspended', 'acme', { suspended: true }),
    tenant('slow', 'acme', { quotas: { ...generous, writePerMinute: 3, readPerMinute: 2 } }),
    tenant('returned', 'acme', { quotas: { ...generous, writePerMinute: 3, messagesPerDay: 3 } }),
    tenant('daily', 'acme', { quotas: { ...generous, messagesPerDay: 2, messagesPerMonth: 10 } }),
    tenant('monthly', 'acme', { quotas: { ...generous, messagesPerMonth: 1 } }),
    tenant('narrow', 'acme', { quotas: { ...generous, maxConcurrent: 1 } }),
    tenant('exact', 'acme', { quotas: { ...generous, writePerMinute: 50 } }),
  ]),
})

export const secrets = {
  TOKEN_ACME: tokens.acme,
  TOKEN_GLOBEX: tokens.globex,
  TOKEN_INITECH: tokens.initech,
}

/** A text message. Recipients that start with +999 are the sandbox's magic numbers. */
export const text = (to = '+14155550123', body = 'Hello'): Json => ({
  messaging_product: 'whatsapp',
  to,
  type: 'text',
  text: { body },
})
