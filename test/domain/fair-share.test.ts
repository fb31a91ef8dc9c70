import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  borrowerAfter,
  CONTENTION_MS,
  type Contest,
  contention,
  isShared,
  isWithinShare,
  lastBorrower,
  refillShare,
  type Share,
  shareCapacity,
  takeShare,
  waitForAccount,
} from '../../src/domain/fair-share.ts'
import { type Bucket, type Charge, refill } from '../../src/domain/limits.ts'

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
const TOKEN = 60_000

/** Up to the largest that a config may hold: 10,000 tenants of weight 1000 on a billion a minute. */
const perMinute = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.integer({ min: 1, max: 1_000_000_000 }),
  fc.constantFrom(999_999_937, 1_000_000_000),
)
const share = fc
  .record({
    weight: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(997, 1000)),
    others: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9_999_000 })),
  })
  .map(({ weight, others }): Share => ({ weight, of: weight + others }))
const ms = fc.oneof(
  fc.nat(100),
  fc.nat(100_000),
  fc.integer({ min: 0, max: 10 ** 9 }),
  fc.constant(2 * 10 ** 12),
)
const part = fc.double({ min: 0, max: 1, noNaN: true })

const chargeOf = (accountPerMinute: number, shared?: Share): Charge => ({
  class: 'write',
  tenantPerMinute: 60,
  accountPerMinute,
  maxConcurrent: 10,
  ...(shared && { share: shared }),
})

describe('a share bucket', () => {
  const filled = fc.tuple(perMinute, share, part).map(([rate, shared, full]) => ({
    rate,
    shared,
    bucket: { units: Math.floor(shareCapacity(rate, shared) * full), at: NOW },
  }))

  it('starts full: what its tenant gets in a quarter of a minute, at least two tokens', () => {
    expect(refillShare(undefined, 60, { weight: 1, of: 2 }, NOW)).toEqual({ units: 7.5 * TOKEN * 2, at: NOW })
    expect(refillShare(undefined, 60, { weight: 1, of: 60 }, NOW)).toEqual({ units: 2 * TOKEN * 60, at: NOW })
  })

  it('holds whole numbers that every ledger counts exactly, never above its capacity', () => {
    fc.assert(
      fc.property(filled, ms, ({ rate, shared, bucket }, elapsed) => {
        const capacity = shareCapacity(rate, shared)
        expect(Number.isSafeInteger(capacity)).toBe(true)
        const { units, at } = refillShare(bucket, rate, shared, NOW + elapsed)
        expect(Number.isSafeInteger(units)).toBe(true)
        expect(at).toBe(NOW + elapsed)
        const exact = BigInt(bucket.units) + BigInt(elapsed) * BigInt(rate) * BigInt(shared.weight)
        expect(BigInt(units)).toBe(exact < BigInt(capacity) ? exact : BigInt(capacity))
      }),
      { numRuns: 1000 },
    )
  })

  it('refilled in steps is what it is when refilled at once, and a clock that steps back refills nothing', () => {
    fc.assert(
      fc.property(filled, fc.array(ms, { maxLength: 10 }), ({ rate, shared, bucket }, steps) => {
        let stepped: Bucket = bucket
        for (const step of steps) stepped = refillShare(stepped, rate, shared, stepped.at + step)
        expect(stepped).toEqual(refillShare(bucket, rate, shared, stepped.at))
        expect(refillShare(bucket, rate, shared, NOW - 5).units).toBe(bucket.units)
      }),
    )
  })

  it('refills, with those of all other tenants, just what the account refills', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 20 }),
        perMinute,
        (weights, rate) => {
          const of = weights.reduce((sum, weight) => sum + weight)
          const empty = { units: 0, at: NOW }
          const gained = weights.map((weight) => refillShare(empty, rate, { weight, of }, NOW + 1).units)
          expect(gained.reduce((sum, units) => sum + units)).toBe(rate * of)
        },
      ),
    )
  })

  it('is cut when the weights change, never beyond its capacity', () => {
    const before = refillShare(undefined, 60, { weight: 1, of: 1000 }, NOW)
    const after = refillShare(before, 60, { weight: 1, of: 10 }, NOW)
    expect(after.units).toBe(shareCapacity(60, { weight: 1, of: 10 }))
  })

  it('loses nothing to a tenant that asks often enough, at whatever pace', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 600 }),
        share,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (rate, shared, pace) => {
          const charge = chargeOf(rate, shared)
          const msPerToken = (TOKEN * shared.of) / (rate * shared.weight)
          // At least once in the time of a token.
          const every = Math.max(1, Math.floor(msPerToken * pace))
          fc.pre(every <= msPerToken)
          const asks = Math.min(2000, Math.ceil((50 * msPerToken) / every))
          let bucket: Bucket = { units: 0, at: NOW }
          let spent = 0
          for (let turn = 1; turn <= asks; turn += 1) {
            bucket = refillShare(bucket, rate, shared, NOW + turn * every)
            const contest = { account: bucket, share: bucket, contendedUntil: 0, borrower: '' }
            if (isWithinShare(contest, charge)) spent += 1
            bucket = takeShare(contest, charge) ?? bucket
          }
          const flown = asks * every * rate * shared.weight
          expect(bucket.units).toBe(flown - spent * TOKEN * shared.of)
        },
      ),
      { numRuns: 200 },
    )
  })
})

/** Buckets of every filling, before, during and after contention. */
const contest = fc
  .tuple(fc.oneof(fc.integer({ min: 1, max: 20 }), perMinute), fc.option(share), part, part, fc.integer())
  .map(([rate, shared, account, own, until]) => ({
    charge: chargeOf(rate, shared ?? undefined),
    before: {
      account: { units: Math.floor(rate * TOKEN * account ** 3), at: NOW },
      share: shared ? { units: Math.floor(shareCapacity(rate, shared) * own ** 3), at: NOW } : undefined,
      contendedUntil: Math.max(0, NOW + (until % CONTENTION_MS)),
      borrower: 'other',
    } satisfies Contest,
  }))

const later = (before: Contest, charge: Charge, at: number): Contest => ({
  ...before,
  account: refill(before.account, charge.accountPerMinute, at),
  share: charge.share && refillShare(before.share, charge.accountPerMinute, charge.share, at),
})

describe('the account', () => {
  it('admits after just the wait that was told, if no other request comes, and not a millisecond before', () => {
    fc.assert(
      fc.property(contest, ({ charge, before }) => {
        const wait = waitForAccount(before, charge, NOW)
        expect(Number.isSafeInteger(wait) && wait >= 0).toBe(true)
        expect(waitForAccount(later(before, charge, NOW + wait), charge, NOW + wait)).toBe(0)
        if (wait === 0) return
        const early = NOW + wait - 1
        expect(waitForAccount(later(before, charge, early), charge, early)).toBe(1)
      }),
      { numRuns: 2000 },
    )
  })

  it('admits nobody without a token, and holds back nobody else but borrowers in contention', () => {
    fc.assert(
      fc.property(contest, ({ charge, before }) => {
        const admits = waitForAccount(before, charge, NOW) === 0
        const hasOne = before.account.units >= TOKEN
        if (!hasOne) expect(admits).toBe(false)
        const contended = NOW < before.contendedUntil
        if (!isShared(charge.share) || !contended || isWithinShare(before, charge))
          expect(admits).toBe(hasOne)
        else expect(admits).toBe(before.account.units - TOKEN >= (charge.accountPerMinute * TOKEN) / 2)
      }),
      { numRuns: 1000 },
    )
  })

  it('of one tenant alone, or of a charge without shares, is as it was before there were shares', () => {
    const until = NOW + CONTENTION_MS
    const poor = {
      account: { units: TOKEN, at: NOW },
      share: { units: 0, at: NOW },
      contendedUntil: until,
      borrower: 'other',
    }
    for (const alone of [undefined, { weight: 7, of: 7 }]) {
      expect(waitForAccount(poor, chargeOf(60, alone), NOW)).toBe(0)
      expect(takeShare(poor, chargeOf(60, alone))).toBe(poor.share)
      const empty = { ...poor, account: { units: 0, at: NOW }, contendedUntil: 0 }
      expect(contention(empty, chargeOf(60, alone), 'billing', NOW)).toBe(0)
      expect(borrowerAfter(poor, chargeOf(60, alone), 'billing')).toBe('other')
    }
  })

  it('leaves the share of a borrower as it is', () => {
    const charge = chargeOf(60, { weight: 1, of: 2 })
    const units = 2 * TOKEN
    const at = (share: number): Contest => ({
      account: { units: 60 * TOKEN, at: NOW },
      share: { units: share, at: NOW },
      contendedUntil: 0,
      borrower: 'other',
    })
    expect(takeShare(at(units - 1), charge)).toEqual({ units: units - 1, at: NOW })
    expect(takeShare(at(units), charge)).toEqual({ units: 0, at: NOW })
    expect(borrowerAfter(at(units - 1), charge, 'billing')).toBe('billing')
    expect(borrowerAfter(at(units), charge, 'billing')).toBe('other')
  })

  it('can always serve the shares from its reserve, while they are a quarter of it or two tokens each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 1, max: 10_000 }),
        (weights, rate) => {
          const of = weights.reduce((sum, weight) => sum + weight)
          fc.pre(weights.length <= rate / 8)
          const all = weights.reduce((sum, weight) => sum + shareCapacity(rate, { weight, of }) / of, 0)
          expect(all).toBeLessThanOrEqual((rate / 2) * TOKEN * (1 + 1e-9))
        },
      ),
    )
  })
})

describe('contention', () => {
  const charge = chargeOf(60, { weight: 1, of: 2 })
  const at = (tokens: number, ownTokens: number, contendedUntil: number): Contest => ({
    account: { units: tokens * TOKEN, at: NOW },
    share: { units: ownTokens * TOKEN * 2, at: NOW },
    contendedUntil,
    borrower: 'other',
  })
  const fully = NOW + CONTENTION_MS

  it.each([
    ['begins when the account has no token for a request within its share', at(0.9, 1, 0), fully],
    ['does not begin while it has one', at(1, 1, 0), 0],
    ['does not begin for a borrower', at(0.9, 0.9, 0), 0],
    ['begins again once it is over', at(0, 1, NOW), fully],
    ['is not renewed in its first half, to write seldom', at(0, 1, NOW + 300_001), NOW + 300_001],
    [
      'is renewed in its second half while borrowers may be at the reserve',
      at(44.9, 1, NOW + 300_000),
      fully,
    ],
    ['is not renewed by a borrower', at(0, 0.9, NOW + 1), NOW + 1],
    ['is not renewed when the account has plenty', at(45, 1, NOW + 1), NOW + 1],
  ])('%s', (_, before, expected) => {
    expect(contention(before, charge, 'billing', NOW)).toBe(expected)
  })

  it('is not begun nor renewed while the tenant itself has borrowed last, or nobody has', () => {
    for (const borrower of ['billing', '']) {
      expect(contention({ ...at(0, 1, 0), borrower }, charge, 'billing', NOW)).toBe(0)
      expect(contention({ ...at(0, 1, NOW + 1), borrower }, charge, 'billing', NOW)).toBe(NOW + 1)
    }
  })

  it('knows of no borrower from before the account’s bucket was full', () => {
    const account = { units: 0, at: NOW }
    expect(lastBorrower('other', account, NOW + 59_999)).toBe('other')
    expect(lastBorrower('other', account, NOW + 60_000)).toBe('')
    expect(lastBorrower('', undefined, NOW)).toBe('')
  })
})
