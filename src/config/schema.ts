import * as z from 'zod'
import { isCountry } from '../domain/phone.ts'
import { scopes } from '../domain/tenant.ts'
import { readBaseUrl } from './base-url.ts'

/** The shape of the config file (interface §3). What spans several places is in `cross-check.ts`. */

/** Ids of accounts, tenants and keys. */
export const idPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/
export const idRule = 'must be 1 to 64 of a-z, 0-9, "_" and "-", starting with a letter or digit'

export const ledgerKinds = ['memory', 'redis', 'durable-object'] as const
/** What becomes of requests without a key while the ledger is out of reach. */
export const outagePolicies = ['refuse', 'local-limits'] as const
export type OutagePolicy = (typeof outagePolicies)[number]
export type LedgerKind = (typeof ledgerKinds)[number]

/** An object whose unknown keys are refused with the list of those it knows. */
function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ')
  const error = (issue: { code?: string | undefined }) =>
    issue.code === 'unrecognized_keys' ? `is not a known key; known here: ${known}` : undefined
  return z.strictObject(shape, { error })
}

/** Parts by id. Ids are judged in `cross-check.ts`: a record of zod would not show the faults below a bad id. */
function byId<Value extends z.ZodType>(value: Value, whenEmpty: string) {
  return z
    .record(z.string().meta({ pattern: idPattern.source }), value)
    .refine((parts) => Object.keys(parts).length > 0, whenEmpty)
    .meta({ minProperties: 1 })
}

const id = z.string().regex(idPattern, idRule)

const secret = z
  .string()
  .regex(
    /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+|sealed:v1:.+)$/,
    'must say where the secret is, never the secret itself: env:NAME or file:/absolute/path',
  )

/**
 * The largest per-minute limit. Token buckets count in units of 1/60,000 token (`domain/limits.ts`); up to here
 * their arithmetic stays exact in every ledger.
 */
const MAX_PER_MINUTE = 1_000_000_000
/** The same holds for shares of a bucket, which are counted in units times weight. */
const MAX_WEIGHT = 1000
const count = z.int('must be a whole number').positive('must be 1 or more')
const perMinute = count.max(MAX_PER_MINUTE, `must be at most ${MAX_PER_MINUTE}`)

const upstream = section({
  baseUrl: z
    .string()
    .transform((text, context) => {
      const read = readBaseUrl(text)
      if (read.ok) return read.url
      context.addIssue(read.message)
      return z.NEVER
    })
    .meta({ description: 'Base URL of the upstream API. https, or http for loopback hosts.', format: 'uri' }),
  timeoutMs: z.number().positive('must be greater than 0').default(35_000).meta({
    description: 'Deadline in milliseconds of all upstream work for one request, retries included.',
  }),
  maxRetries: z
    .int('must be a whole number')
    .nonnegative('must be 0 or more')
    .default(2)
    .meta({ description: 'Further attempts after the first one.' }),
  maxInFlight: z
    .int('must be a whole number')
    .positive('must be 1 or more')
    .default(4096)
    .meta({ description: 'Requests under way at once in one process; more are refused with 503.' }),
  replyButtonsAs: z
    .enum(['reply_buttons', 'button'])
    .default('reply_buttons')
    .meta({ description: 'The name of interactive reply buttons that the upstream takes.' }),
}).meta({ description: 'The WhatsApp API behind the gateway.' })

const ledger = section({
  kind: z
    .enum(ledgerKinds)
    .optional()
    .meta({ description: 'memory (default on Node), redis, or durable-object (default on Workers).' }),
  url: secret.optional().meta({ description: 'Where the Redis URL is: env:NAME or file:/path. redis only.' }),
  onOutage: z.enum(outagePolicies).default('refuse').meta({
    description:
      'Requests without a key while redis is out of reach: refuse, or local-limits (each process by itself).',
  }),
}).meta({ description: 'Where idempotency records and quota counters are kept.' })

const account = section({
  token: secret.meta({ description: 'Where the bearer token of the account is: env:NAME or file:/path.' }),
  nextToken: secret.optional().meta({ description: 'Where the token that follows it in a rotation is.' }),
  writePerMinute: perMinute
    .default(60)
    .meta({ description: 'Write requests per minute, all tenants together.' }),
  readPerMinute: perMinute
    .default(600)
    .meta({ description: 'Read requests per minute, all tenants together.' }),
}).meta({ description: 'One upstream organisation.' })

const key = section({
  id: id.meta({ description: 'Name of the key in logs; unique within its tenant.' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the whole key text in 64 lower-case hex digits')
    .meta({ description: 'Lower-case hex SHA-256 of the whole key text.' }),
  label: z.string().optional().meta({ description: 'Free text for people.' }),
  expiresAt: z.iso
    .datetime({
      offset: true,
      error: 'must be a date and time with an offset, for example 2027-01-01T00:00:00Z',
    })
    .transform((text) => Date.parse(text))
    .optional()
    .meta({ description: 'From this moment on the key is refused. ISO 8601 with an offset.' }),
  scopes: z
    .array(z.enum(scopes))
    .optional()
    .meta({ description: 'What the key may do; absent: everything.' }),
}).meta({ description: 'One gateway key; made by `kirim-gateway keys create`.' })

const quotas = section({
  writePerMinute: perMinute.default(60).meta({ description: 'Write requests per minute.' }),
  readPerMinute: perMinute.default(600).meta({ description: 'Read requests per minute.' }),
  messagesPerDay: count.optional().meta({ description: 'Messages per UTC day; absent: no limit.' }),
  messagesPerMonth: count.optional().meta({ description: 'Messages per UTC month; absent: no limit.' }),
  maxConcurrent: count.default(64).meta({ description: 'Requests under way at once.' }),
}).meta({ description: 'Limits of the tenant.' })

const country = z.string().refine((text) => /^[A-Z]{2}$/.test(text) && isCountry(text), {
  error: 'must be an ISO 3166-1 country code in two upper-case letters, for example ID',
})

const oneNumber = 'must be "*" or 6 to 20 digits in quotes'
const noNumbers = 'must be a list of one or more phone number ids, or "*" for all of the account'

const tenant = section({
  account: z.string().meta({ description: 'Id of the account it belongs to.' }),
  phoneNumberIds: z
    .union(
      [z.literal('*'), z.array(z.string(oneNumber).regex(/^(\*|\d{6,20})$/, oneNumber)).min(1, noNumbers)],
      { error: noNumbers },
    )
    .meta({ description: 'Phone number ids the tenant may use; "*": all of the account.' }),
  defaultCountry: country.optional().meta({
    pattern: '^[A-Z]{2}$',
    description: 'Country that national phone numbers are read in; absent: they are refused.',
  }),
  keys: z.array(key).meta({ description: 'Gateway keys; an empty list locks the tenant out.' }),
  quotas: quotas.prefault({}),
  weight: z
    .int('must be a whole number')
    .positive('must be 1 or more')
    .max(MAX_WEIGHT, `must be at most ${MAX_WEIGHT}`)
    .default(1)
    .meta({
      description: 'Part of the account limits that is certain, against the weights of its other tenants.',
    }),
  suspended: z.boolean().default(false).meta({ description: 'Refuses every call of the tenant.' }),
}).meta({ description: 'One internal team.' })

export const configSchema = section({
  $schema: z.string().optional(),
  upstream,
  ledger: ledger.prefault({}),
  accounts: byId(account, 'needs at least one account'),
  tenants: byId(tenant, 'needs at least one tenant'),
}).meta({ title: 'Kirim gateway config', description: 'See docs/configuration.md.' })

export type ConfigShape = z.output<typeof configSchema>
export type TenantShape = ConfigShape['tenants'][string]
