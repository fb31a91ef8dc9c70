import { describe, expect, it } from 'vitest'
import type { Charge } from '../../src/domain/limits.ts'
import {
  charged,
  type FreshMeters,
  lowered,
  refresh,
  refunded,
  refusal,
  refusedBy,
  standingsOf,
} from '../../src/domain/meters.ts'

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
const DAY = Date.UTC(2026, 0, 15)
const MONTH = Date.UTC(2026, 0, 1)
const TOKEN = 60_000

const counted = { day: DAY, month: MONTH }

const charge: Charge = {
  class: 'write',
  tenantPerMinute: 60,
  accountPerMinute: 600,
  maxConcurrent: 2,
  message: { perDay: 5, perMonth: 50 },
}
const fresh: FreshMeters = refresh(
  {
    tenant: undefined,
    account: undefined,
    share: undefined,
    contendedUntil: 0,
    borrower: '',
    day: undefined,
    month: undefined,
    inFlight: 0,
  },
  charge,
  NOW,
)
const noTenant = { tenant: { units: 0, at: NOW } }
const noAccount = { account: { units: 0, at: NOW } }
const noDay = { day: { start: DAY, used: 5 } }
const noMonth = { month: { start: MONTH, used: 50 } }
const busy = { inFlight: 2 }
const toMidnight = 12 * 3_600_000
const toFebruary = Date.UTC(2026, 1, 1) - NOW

describe('a limit', () => {
  it.each<[string, Partial<FreshMeters>, ReturnType<typeof refusal>]>([
    ['nothing', {}, undefined],
    ['the tenant’s rate', noTenant, { by: 'rate', retryAfterMs: 1000 }],
    ['the account’s rate', noAccount, { by: 'account_rate', retryAfterMs: 100 }],
    ['the day', noDay, { by: 'quota', retryAfterMs: toMidnight }],
    ['the month', noMonth, { by: 'quota', retryAfterMs: toFebruary }],
    ['the room', busy, { by: 'concurrency', retryAfterMs: 1000 }],
    ['rate and day', { ...noTenant, ...noDay }, { by: 'quota', retryAfterMs: toMidnight }],
    ['day and month', { ...noDay, ...noMonth }, { by: 'quota', retryAfterMs: toFebruary }],
    ['day and room', { ...noDay, ...busy }, { by: 'quota', retryAfterMs: toMidnight }],
    ['rate and room', { ...noTenant, ...busy }, { by: 'rate', retryAfterMs: 1000 }],
    ['room and account', { ...busy, ...noAccount }, { by: 'concurrency', retryAfterMs: 1000 }],
    ['both rates', { ...noTenant, ...noAccount }, { by: 'rate', retryAfterMs: 1000 }],
  ])(
    'is named when %s is used up: the tenant’s before the account’s, the longest first',
    (_, used, expected) => {
      expect(refusal({ ...fresh, ...used }, charge, true, NOW)).toEqual(expected)
    },
  )

  it('names the tenant’s even if the account’s is the longer wait, and tells the longer wait', () => {
    const slow = { ...charge, accountPerMinute: 1 }
    expect(refusal({ ...fresh, ...noTenant, ...noAccount }, slow, true, NOW)).toEqual({
      by: 'rate',
      retryAfterMs: 60_000,
    })
  })

  it('of messages does not hold back what is no message', () => {
    expect(refusal({ ...fresh, ...noDay, ...noMonth }, charge, false, NOW)).toBeUndefined()
  })

  it('that is not set never refuses', () => {
    const { message: _, ...unlimited } = charge
    expect(refusal({ ...fresh, ...noDay, ...noMonth }, unlimited, true, NOW)).toBeUndefined()
    expect(
      refusal({ ...fresh, ...noDay }, { ...charge, message: { perMonth: 50 } }, true, NOW),
    ).toBeUndefined()
  })
})

describe('the meters', () => {
  it('are charged one of each, and given back to what they were', () => {
    const spent = charged(fresh, charge, 'billing', true, NOW)
    expect(spent).toEqual({
      tenant: { units: 59 * TOKEN, at: NOW },
      account: { units: 599 * TOKEN, at: NOW },
      share: undefined,
      contendedUntil: 0,
      borrower: '',
      day: { start: DAY, used: 1 },
      month: { start: MONTH, used: 1 },
      inFlight: 0,
    })
    expect(refunded(spent, charge, counted)).toEqual(fresh)
  })

  it('count no message for what is none', () => {
    const spent = charged(fresh, charge, 'billing', false, NOW)
    expect([spent.day.used, spent.month.used]).toEqual([0, 0])
    expect(refunded(spent, charge, undefined)).toEqual(fresh)
  })

  it('give a message back only to the day and month that counted it', () => {
    const spent = charged(charged(fresh, charge, 'billing', true, NOW), charge, 'billing', true, NOW)
    const tomorrow = refresh(spent, charge, NOW + 86_400_000)
    const today = charged(tomorrow, charge, 'billing', true, NOW)
    const back = refunded(today, charge, counted)
    expect([back.day.used, back.month.used]).toEqual([1, 2])
  })

  it('never count less than nothing', () => {
    expect(refunded(fresh, charge, counted)).toEqual(fresh)
  })

  it('spend a share that holds a token, and do not get it back', () => {
    const shared = { ...charge, accountPerMinute: 60, share: { weight: 1, of: 2 } }
    const before = refresh({ ...fresh, tenant: undefined, account: undefined }, shared, NOW)
    const spent = charged(before, shared, 'billing', false, NOW)
    expect((before.share?.units ?? 0) - (spent.share?.units ?? 0)).toBe(2 * TOKEN)
    expect(refunded(spent, shared, undefined)).toEqual({ ...before, share: spent.share })
    const poor = { ...before, share: { units: 2 * TOKEN - 1, at: NOW } }
    expect(charged(poor, shared, 'billing', false, NOW).share).toEqual(poor.share)
  })

  it('are lowered to what the upstream counts, never raised', () => {
    expect(lowered(fresh, 600)).toBe(fresh)
    expect(lowered(fresh, 599).account).toEqual({ units: 600 * TOKEN - 1, at: NOW })
    expect(lowered(fresh, 0)).toEqual({ ...fresh, account: { units: TOKEN - 1, at: NOW } })
  })

  it('note a refusal only when it is the account’s, of a request within its share', () => {
    const shared = { ...charge, share: { weight: 1, of: 2 } }
    const empty = refresh({ ...fresh, ...noAccount, borrower: 'crm' }, shared, NOW)
    expect(refusedBy('account_rate', empty, shared, 'billing', NOW).contendedUntil).toBeGreaterThan(NOW)
    expect(refusedBy('rate', empty, shared, 'billing', NOW)).toBe(empty)
    const spent = { ...empty, share: { units: 0, at: NOW } }
    expect(refusedBy('account_rate', spent, shared, 'billing', NOW)).toBe(spent)
    expect(refusedBy('account_rate', empty, charge, 'billing', NOW)).toBe(empty)
  })

  it('tell the tenant’s limits only', () => {
    expect(standingsOf(charged(fresh, charge, 'billing', true, NOW), charge, NOW)).toEqual({
      class: 'write',
      at: NOW,
      bucket: { limit: 60, remaining: 59, fullAt: NOW + 1000 },
      day: { limit: 5, remaining: 4, startedAt: DAY, resetsAt: DAY + 86_400_000 },
      month: { limit: 50, remaining: 49, startedAt: MONTH, resetsAt: Date.UTC(2026, 1, 1) },
    })
    const { message: _, ...reading } = charge
    expect(standingsOf(fresh, reading, NOW)).toEqual({ class: 'write', at: NOW, bucket: expect.anything() })
  })
})
