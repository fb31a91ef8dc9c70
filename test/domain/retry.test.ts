import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attemptDeadline,
  type Following,
  FULL_BUDGET,
  fed,
  following,
  retryWaitMs,
  spent,
} from '../../src/domain/retry.ts'
import { Secret } from '../../src/domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../../src/domain/upstream.ts'
import { answered, kirim, meta, NOW } from './judge-samples.ts'
import * as results from './upstream-results.ts'

const bare = { path: '/1/messages', account: 'acme', token: new Secret('CANARY'), requestId: 'req_1' }
const keyed: UpstreamCall = { ...bare, method: 'POST', idempotencyKey: 'k', body: '{}' }
const unkeyed: UpstreamCall = { ...bare, method: 'POST', body: '{}' }
const read: UpstreamCall = { ...bare, method: 'GET' }

const next = (result: UpstreamResult, call: UpstreamCall = keyed, nth = 1) =>
  following(result, call, nth, NOW)
const end: Following = { kind: 'end' }
const retry: Following = { kind: 'retry' }
const retryAfter = (seconds: number): Following => ({ kind: 'retry', leastMs: seconds * 1000 })

describe('what follows on a result', () => {
  it.each<[UpstreamResult, Following]>([
    [results.timedOut, retry],
    [results.reset, retry],
    [results.garbage, retry],
    [results.unavailable(), retry],
    [results.unavailable(7), retryAfter(7)],
    [answered(502), retry],
    [answered(502, '<html></html>', { retryAfter: 'soon' }), retry],
    [answered(504), retry],
    [answered(503, undefined, { retryAfter: new Date(NOW + 4000).toUTCString() }), retryAfter(4)],
    [answered(502, meta(131000)), retry],
    [results.tooMany(2), retryAfter(2)],
    [results.tooMany(), retryAfter(5)],
    [answered(400, meta(130429)), retryAfter(5)],
    [answered(500, meta(131056), { retryAfter: '9' }), retryAfter(9)],
    [answered(401, meta(4)), retryAfter(5)],
  ])('is another try for %j, if that cannot send twice', (result, expected) => {
    expect(next(result, keyed)).toEqual(expected)
    expect(next(result, read)).toEqual(expected)
    expect(next(result, unkeyed)).toEqual(end)
  })

  it.each([results.noConnection, results.closed, results.tooLate])(
    'is another try for %j with whatever call: nothing was sent',
    (result) => {
      for (const call of [keyed, unkeyed, read]) expect(next(result, call)).toEqual(retry)
    },
  )

  it.each<UpstreamResult>([
    results.success,
    results.unreadable,
    answered(302),
    results.badRequest,
    results.badToken,
    answered(403),
    results.forbiddenNumber,
    results.noSuchNumber,
    answered(408),
    answered(409),
    answered(400, kirim({ code: 'idempotency_in_progress' })),
    results.keyReuse,
    answered(422, kirim({ code: 'account_not_connected' })),
    answered(500),
    answered(500, meta(131000)),
    answered(501),
    results.outsideWindow,
    answered(503, meta(131026)),
    answered(503, kirim({ code: 'template_paused' })),
    answered(502, meta(190)),
    answered(429, meta(131005)),
    results.breakerOpen,
  ])('is nothing for %j', (result) => {
    for (const call of [keyed, unkeyed, read])
      for (const nth of [1, 2]) expect(next(result, call, nth)).toEqual(end)
  })

  it('is to wait for an earlier attempt that is still running, under a key', () => {
    expect(next(results.inProgress(3))).toEqual({ kind: 'wait', ms: 3000 })
    expect(next(results.inProgress())).toEqual({ kind: 'wait', ms: 1000 })
    expect(next(results.inProgress(), read)).toEqual(end)
    expect(next(results.inProgress(), unkeyed)).toEqual(end)
  })

  it('is to wait for the end of a pause only if the request was waiting already', () => {
    expect(next(results.paused, keyed, 1)).toEqual(end)
    expect(next(results.paused, keyed, 2)).toEqual({ kind: 'wait', ms: 700 })
  })
})

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const pace = fc.record({
  retries: fc.nat(50),
  unit,
  leftMs: fc.double({ min: -1000, max: 60_000, noNaN: true }),
})

describe('the wait before a retry', () => {
  it('leaves time for an attempt', () => {
    fc.assert(
      fc.property(fc.option(fc.nat(60_000), { nil: undefined }), pace, (leastMs, at) => {
        const waitMs = retryWaitMs(leastMs, at)
        if (waitMs !== undefined) expect(waitMs).toBeLessThanOrEqual(at.leftMs - 100)
      }),
    )
  })

  it('is never shorter than what the upstream has named, and at most a quarter longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 60_000 }), pace, (leastMs, at) => {
        const waitMs = retryWaitMs(leastMs, at) ?? leastMs
        expect(waitMs).toBeGreaterThanOrEqual(leastMs)
        expect(waitMs).toBeLessThanOrEqual(leastMs * 1.25)
      }),
    )
  })

  it('backs off with full jitter: 100 ms, doubled each time, to 2 s', () => {
    const waits = [0, 1, 2, 3, 4, 5, 40].map((retries) =>
      [0, 0.5, 0.99].map((unit) => retryWaitMs(undefined, { retries, unit, leftMs: 60_000 })),
    )
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000].map((top) => [0, top * 0.5, top * 0.99]))
  })

  it('drops its jitter on a named time rather than the retry', () => {
    const waitMs = (leftMs: number) => retryWaitMs(4000, { retries: 0, unit: 0.5, leftMs })
    expect([waitMs(4600), waitMs(4599), waitMs(4100), waitMs(4099)]).toEqual([4500, 4000, 4000, undefined])
  })
})

describe('the time of an attempt', () => {
  it('is half of what is left while another may follow, and all for the last one', () => {
    expect(attemptDeadline(NOW, NOW + 35_000, true)).toBe(NOW + 17_500)
    expect(attemptDeadline(NOW, NOW + 35_000, false)).toBe(NOW + 35_000)
  })

  it('is not cut below 5 s: a slow answer is no hung connection', () => {
    expect(attemptDeadline(NOW, NOW + 10_000, true)).toBe(NOW + 5000)
    expect(attemptDeadline(NOW, NOW + 9999, true)).toBe(NOW + 9999)
    expect(attemptDeadline(NOW, NOW + 250, true)).toBe(NOW + 250)
  })

  it('never goes beyond the deadline, and never ends before it has begun', () => {
    const ms = fc.double({ min: 0, max: 1e7, noNaN: true })
    fc.assert(
      fc.property(ms, fc.boolean(), (leftMs, another) => {
        const until = attemptDeadline(NOW, NOW + leftMs, another)
        expect(until).toBeGreaterThanOrEqual(NOW)
        expect(until).toBeLessThanOrEqual(NOW + leftMs)
      }),
    )
  })
})

describe('the budget of retries', () => {
  it('is never overdrawn: ten, and one for every ten requests', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 2000 }), (steps) => {
        let budget = FULL_BUDGET
        let [requests, retries] = [0, 0]
        for (const isRequest of steps) {
          if (isRequest) {
            requests += 1
            budget = fed(budget)
          } else {
            const left = spent(budget)
            if (left !== undefined) retries += 1
            budget = left ?? budget
          }
          expect(retries).toBeLessThanOrEqual(10 + requests / 10)
          expect(budget).toBeGreaterThanOrEqual(0)
          expect(budget).toBeLessThanOrEqual(FULL_BUDGET)
        }
      }),
    )
  })

  it('gives ten retries when it is full, then one after ten requests', () => {
    let budget: number | undefined = FULL_BUDGET
    for (let i = 0; i < 10; i += 1) budget = spent(budget ?? 0)
    expect(budget).toBe(0)
    let fedBudget = 0
    for (let i = 0; i < 9; i += 1) fedBudget = fed(fedBudget)
    expect(spent(fedBudget)).toBeUndefined()
    expect(spent(fed(fedBudget))).toBe(0)
  })
})
