import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  atMost,
  type Bucket,
  bucketStanding,
  hasToken,
  type Period,
  periodEnd,
  periodStart,
  putBack,
  refill,
  roll,
  take,
  waitFor,
  waitForToken,
  windowStanding,
} from '../../src/domain/limits.ts'

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
const TOKEN = 60_000

const rate = fc.integer({ min: 1, max: 1_000_000 })
/** A rate and a bucket that it can have led to. */
const bucketOf = rate.chain((perMinute) =>
  fc.record({
    perMinute: fc.constant(perMinute),
    bucket: fc.record({
      units: fc.integer({ min: 0, max: perMinute * TOKEN }),
      at: fc.integer({ min: 0, max: NOW }),
    }),
  }),
)
const ms = fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 10 ** 10 }))

describe('a token bucket', () => {
  it('starts full', () => {
    expect(refill(undefined, 60, NOW)).toEqual({ units: 60 * TOKEN, at: NOW })
  })

  it('refills its limit in a minute, one token after the other', () => {
    let bucket: Bucket = { units: 0, at: NOW }
    for (let second = 1; second <= 60; second += 1) {
      bucket = refill(bucket, 60, NOW + second * 1000)
      expect(bucket.units).toBe(second * TOKEN)
    }
    expect(refill(bucket, 60, NOW + 61_000).units).toBe(60 * TOKEN)
  })

  it('is never above its capacity nor below nothing, and all numbers stay whole', () => {
    fc.assert(
      fc.property(bucketOf, ms, ({ perMinute, bucket }, elapsed) => {
        const { units, at } = refill(bucket, perMinute, bucket.at + elapsed)
        expect(units).toBeGreaterThanOrEqual(bucket.units)
        expect(units).toBeLessThanOrEqual(perMinute * TOKEN)
        expect(Number.isSafeInteger(units)).toBe(true)
        expect(at).toBe(bucket.at + elapsed)
      }),
    )
  })

  it('refilled in steps is what it is when refilled at once', () => {
    fc.assert(
      fc.property(bucketOf, fc.array(ms, { maxLength: 20 }), ({ perMinute, bucket }, steps) => {
        let now = bucket.at
        let stepped = bucket
        for (const step of steps) {
          now += step
          stepped = refill(stepped, perMinute, now)
        }
        expect(stepped).toEqual(refill(bucket, perMinute, now))
      }),
    )
  })

  it('is full after a minute, whatever it held', () => {
    fc.assert(
      fc.property(bucketOf, ms, ({ perMinute, bucket }, more) => {
        expect(refill(bucket, perMinute, bucket.at + 60_000 + more).units).toBe(perMinute * TOKEN)
      }),
    )
  })

  it('has a token after just the wait that was told, and none a millisecond before', () => {
    fc.assert(
      fc.property(bucketOf, ({ perMinute, bucket }) => {
        const wait = waitForToken(bucket, perMinute)
        expect(hasToken(refill(bucket, perMinute, bucket.at + wait))).toBe(true)
        if (wait > 0) expect(hasToken(refill(bucket, perMinute, bucket.at + wait - 1))).toBe(false)
        expect(wait === 0).toBe(hasToken(bucket))
        expect(wait).toBeLessThanOrEqual(60_000)
      }),
    )
  })

  it('holds any number of units after just the wait that was told, unless it never does', () => {
    fc.assert(
      fc.property(bucketOf, fc.integer({ min: 0, max: 10 ** 11 }), ({ perMinute, bucket }, units) => {
        const wait = waitFor(bucket, units, perMinute)
        if (units > perMinute * TOKEN) expect(wait).toBe(Number.POSITIVE_INFINITY)
        else {
          expect(refill(bucket, perMinute, bucket.at + wait).units).toBeGreaterThanOrEqual(units)
          if (wait > 0) expect(refill(bucket, perMinute, bucket.at + wait - 1).units).toBeLessThan(units)
        }
      }),
    )
  })

  it('is lowered to a count of whole tokens, and never raised', () => {
    fc.assert(
      fc.property(bucketOf, fc.nat(2_000_000), ({ bucket }, tokens) => {
        const after = atMost(bucket, tokens)
        expect(Math.floor(after.units / TOKEN)).toBe(Math.min(tokens, Math.floor(bucket.units / TOKEN)))
        expect(after === bucket).toBe(Math.floor(bucket.units / TOKEN) <= tokens)
      }),
    )
  })

  it('emptied token by token gives its limit and then makes the caller wait', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (perMinute) => {
        let bucket = refill(undefined, perMinute, NOW)
        for (let taken = 0; taken < perMinute; taken += 1) {
          expect(hasToken(bucket)).toBe(true)
          bucket = take(bucket)
        }
        expect(bucket).toEqual({ units: 0, at: NOW })
        expect(waitForToken(bucket, perMinute)).toBe(Math.ceil(60_000 / perMinute))
      }),
      { numRuns: 20 },
    )
  })

  it('is not refilled by a clock that steps back', () => {
    fc.assert(
      fc.property(bucketOf, ms, ({ perMinute, bucket }, back) => {
        expect(refill(bucket, perMinute, bucket.at - back).units).toBe(bucket.units)
      }),
    )
  })

  it('is cut to a limit that was lowered and grows to one that was raised', () => {
    const full = refill(undefined, 600, NOW)
    expect(refill(full, 60, NOW).units).toBe(60 * TOKEN)
    expect(refill(full, 6000, NOW).units).toBe(600 * TOKEN)
    expect(refill(full, 6000, NOW + 60_000).units).toBe(6000 * TOKEN)
  })

  it('takes a token back, up to its capacity', () => {
    fc.assert(
      fc.property(bucketOf, ({ perMinute, bucket }) => {
        fc.pre(hasToken(bucket))
        expect(putBack(take(bucket), perMinute)).toEqual(bucket)
        expect(putBack(bucket, perMinute).units).toBeLessThanOrEqual(perMinute * TOKEN)
      }),
    )
  })

  it('tells whole tokens left and the millisecond at which it is full', () => {
    expect(bucketStanding({ units: TOKEN - 1, at: NOW }, 60)).toEqual({
      limit: 60,
      remaining: 0,
      fullAt: NOW + 59_001,
    })
    fc.assert(
      fc.property(bucketOf, ({ perMinute, bucket }) => {
        const { remaining, fullAt, limit } = bucketStanding(bucket, perMinute)
        expect(limit).toBe(perMinute)
        expect(remaining).toBe(Math.floor(bucket.units / TOKEN))
        expect(refill(bucket, perMinute, fullAt).units).toBe(perMinute * TOKEN)
        if (fullAt > bucket.at) {
          expect(refill(bucket, perMinute, fullAt - 1).units).toBeLessThan(perMinute * TOKEN)
        }
      }),
    )
  })
})

const utc = (text: string) => Date.parse(`${text}Z`)

describe('a UTC day or month', () => {
  it.each<[Period, string, string, string]>([
    ['day', '2026-01-15T12:00:00.000', '2026-01-15T00:00:00', '2026-01-16T00:00:00'],
    ['day', '2026-01-15T00:00:00.000', '2026-01-15T00:00:00', '2026-01-16T00:00:00'],
    ['day', '2026-01-15T23:59:59.999', '2026-01-15T00:00:00', '2026-01-16T00:00:00'],
    ['day', '2028-02-28T23:00:00.000', '2028-02-28T00:00:00', '2028-02-29T00:00:00'],
    ['day', '2028-02-29T23:00:00.000', '2028-02-29T00:00:00', '2028-03-01T00:00:00'],
    ['day', '2026-12-31T23:59:59.999', '2026-12-31T00:00:00', '2027-01-01T00:00:00'],
    ['month', '2026-01-31T23:59:59.999', '2026-01-01T00:00:00', '2026-02-01T00:00:00'],
    ['month', '2026-02-28T12:00:00.000', '2026-02-01T00:00:00', '2026-03-01T00:00:00'],
    ['month', '2028-02-29T23:59:59.999', '2028-02-01T00:00:00', '2028-03-01T00:00:00'],
    ['month', '2026-03-31T00:00:00.000', '2026-03-01T00:00:00', '2026-04-01T00:00:00'],
    ['month', '2026-12-31T23:59:59.999', '2026-12-01T00:00:00', '2027-01-01T00:00:00'],
    ['month', '2027-01-01T00:00:00.000', '2027-01-01T00:00:00', '2027-02-01T00:00:00'],
    ['month', '2100-02-28T23:59:59.999', '2100-02-01T00:00:00', '2100-03-01T00:00:00'],
  ])('as %s that holds %s goes from %s to %s', (period, now, start, end) => {
    expect([periodStart(period, utc(now)), periodEnd(period, utc(now))]).toEqual([utc(start), utc(end)])
  })

  it('holds its moment and follows the one before without a gap', () => {
    const moment = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) })
    fc.assert(
      fc.property(fc.constantFrom<Period>('day', 'month'), moment, (period, now) => {
        const [start, end] = [periodStart(period, now), periodEnd(period, now)]
        expect(start <= now && now < end).toBe(true)
        expect(periodStart(period, start)).toBe(start)
        expect(periodStart(period, end)).toBe(end)
        expect(periodEnd(period, start - 1)).toBe(start)
      }),
    )
  })

  it('keeps its count to its end and then begins at nothing', () => {
    const start = utc('2026-01-15T00:00:00')
    const window = { start, used: 7 }
    expect(roll(window, 'day', start + 86_399_999)).toEqual(window)
    expect(roll(window, 'day', start + 86_400_000)).toEqual({ start: start + 86_400_000, used: 0 })
    expect(roll(undefined, 'month', start)).toEqual({ start: utc('2026-01-01T00:00:00'), used: 0 })
  })

  it('tells what is left, never less than nothing', () => {
    const now = utc('2026-01-31T10:00:00')
    const window = { start: utc('2026-01-01T00:00:00'), used: 7 }
    expect(windowStanding(window, 10, 'month', now)).toEqual({
      limit: 10,
      remaining: 3,
      startedAt: window.start,
      resetsAt: utc('2026-02-01T00:00:00'),
    })
    expect(windowStanding(window, 5, 'month', now).remaining).toBe(0)
  })
})
