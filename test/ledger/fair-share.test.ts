import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import { createRedisLedger } from '../../src/ledger/redis.ts'
import { systemClock } from '../../src/system/clock.ts'
import { type Asked, type Asker, playScene, type Scene, shortfall, steadily } from '../suites/fair-share.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'
import { describeWithRedis, startRedisServer } from '../support/redis-server.ts'

const MINUTE_MS = 60_000
const START = Date.UTC(2026, 0, 15, 12, 0, 0)

type Plot = Pick<Scene, 'perMinute' | 'askers' | 'idle'>

const play = (plot: Plot): Promise<Map<string, Asked[]>> => {
  const clock = createFakeClock(START)
  const ledger = createMemoryLedger({ clock, telemetry: createRecorder() })
  return playScene({ ...plot, ledger, clock, account: 'acme' })
}

const of = (scene: Map<string, Asked[]>, tenant: string): readonly Asked[] => scene.get(tenant) ?? []
const admitted = (seen: readonly Asked[]): number => seen.filter((one) => one.admitted).length
const refused = (seen: readonly Asked[]): number => seen.length - admitted(seen)
const inAll = (scene: Map<string, Asked[]>): number =>
  [...scene.values()].map(admitted).reduce((a, b) => a + b)
const since = (seen: readonly Asked[], from: number): readonly Asked[] => seen.filter(({ at }) => at >= from)

const weight = fc.integer({ min: 1, max: 9 })
const idle = fc.integer({ min: 0, max: 9 })
const phase = fc.double({ min: 0, max: 1, noNaN: true })

describe('one that asks fifty times as often as another', () => {
  const pair = fc
    .record({
      perMinute: fc.oneof(fc.integer({ min: 4, max: 20 }), fc.integer({ min: 20, max: 1200 })),
      weights: fc.tuple(weight, weight),
      idle,
      pace: fc.oneof(fc.constant(1), fc.double({ min: 0.2, max: 1, noNaN: true })),
      late: phase,
      phase,
    })
    .map(({ pace, ...rest }) => {
      const { perMinute, weights } = rest
      const share = (perMinute * weights[0]) / (weights[0] + weights[1] + rest.idle)
      return { ...rest, asks: Math.max(0.4, share * pace), share }
    })
    .filter(({ asks, share }) => asks <= share)

  it('has at most two requests refused of a tenant that keeps to its share, and gets all that is left', async () => {
    await fc.assert(
      fc.asyncProperty(pair, async ({ perMinute, weights, asks, ...plot }) => {
        const turnMs = MINUTE_MS / asks
        const forMs = 80 * turnMs
        const greedyMs = Math.min(turnMs / 50, MINUTE_MS / (2 * perMinute))
        const from = START + plot.late * 20 * turnMs
        const scene = await play({
          perMinute,
          idle: plot.idle,
          askers: [
            { tenant: 'polite', weight: weights[0], times: steadily(from, turnMs, 60 * turnMs) },
            {
              tenant: 'greedy',
              weight: weights[1],
              times: steadily(START + plot.phase * greedyMs, greedyMs, forMs),
            },
          ],
        })
        expect(refused(of(scene, 'polite'))).toBeLessThanOrEqual(2)
        // All but what stays in reserve.
        const flown = (perMinute * forMs) / MINUTE_MS
        expect(inAll(scene)).toBeGreaterThanOrEqual(flown + perMinute / 2 - 3)
        // Whole requests against a sum of fractions.
        expect(inAll(scene)).toBeLessThanOrEqual(Math.ceil(flown) + perMinute)
      }),
      { numRuns: 40 },
    )
  })
})

describe('tenants that ask in any way', () => {
  const gaps = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1, maxLength: 9 })
  const polite = fc.record({ weight, pace: fc.double({ min: 0.2, max: 3, noNaN: true }), gaps })
  const crowd = fc
    .record({
      perMinute: fc.integer({ min: 10, max: 600 }),
      greedy: weight,
      others: fc.array(polite, { minLength: 1, maxLength: 5 }),
      idle,
      late: phase,
    })
    .map((plot) => {
      const all = plot.others.reduce((sum, other) => sum + other.weight, plot.greedy + plot.idle)
      const saved = (weight: number): number => Math.max(2, (plot.perMinute * weight) / all / 4)
      const weights = [plot.greedy, ...plot.others.map((other) => other.weight)]
      return { ...plot, all, saved: weights.map(saved).reduce((a, b) => a + b) }
    })
    .filter(({ saved, perMinute }) => saved <= perMinute / 2)

  it('get what a bucket of their share would give, less what is saved up when contention begins', async () => {
    await fc.assert(
      fc.asyncProperty(crowd, async ({ perMinute, greedy, others, idle: idleWeight, late, all, saved }) => {
        const forMs = (2500 / perMinute) * MINUTE_MS
        const patient = others.map(({ weight: own, pace, gaps: pattern }, index): Asker => {
          const turnMs = MINUTE_MS / Math.max(0.4, ((perMinute * own) / all) * pace)
          const times: number[] = []
          for (let at = START + late * 0.3 * forMs; at < START + forMs && times.length < 400; ) {
            times.push(Math.round(at))
            at += turnMs * (pattern[times.length % pattern.length] ?? 1)
          }
          return { tenant: `polite-${index}`, weight: own, times }
        })
        const hurried = {
          tenant: 'greedy',
          weight: greedy,
          times: steadily(START, MINUTE_MS / (3 * perMinute), forMs),
        }
        const scene = await play({ perMinute, idle: idleWeight, askers: [...patient, hurried] })

        const refusals = patient.flatMap(({ tenant }) => of(scene, tenant).filter((one) => !one.admitted))
        const begun = Math.min(...refusals.map(({ at }) => at))
        for (const { tenant, weight: own } of patient) {
          const share = { weight: own, of: all }
          const seen = of(scene, tenant)
          expect(shortfall(seen, perMinute, share)).toBeLessThanOrEqual(saved + others.length + 1)
          expect(shortfall(since(seen, begun + 2 * MINUTE_MS), perMinute, share)).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('that all want everything get it by their weights', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 40, max: 600 }),
        fc.tuple(phase, phase, phase),
        fc.tuple(weight, weight, weight),
        async (perMinute, phases, eager) => {
          const weights = [1, 2, 5]
          const forMs = 8 * MINUTE_MS
          const askers = weights.map((own, index): Asker => {
            const everyMs = MINUTE_MS / (perMinute * (1 + (eager[index] ?? 1) / 3))
            const from = START + everyMs * (phases[index] ?? 0)
            return { tenant: `t${own}`, weight: own, times: steadily(from, everyMs, forMs) }
          })
          const scene = await play({ perMinute, askers })
          const from = START + 2 * MINUTE_MS
          for (const own of weights) {
            const due = (perMinute * own * 6) / 8
            const got = admitted(since(of(scene, `t${own}`), from))
            expect(Math.abs(got - due), `weight ${own}: ${got} of ${due}`).toBeLessThanOrEqual(3)
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  it('are refused by the account with a wait that holds', async () => {
    const times = steadily(START, 700, 3 * MINUTE_MS)
    const scene = await play({
      perMinute: 60,
      askers: [
        { tenant: 'polite', weight: 1, times: steadily(START + MINUTE_MS + 3, 2000, 2 * MINUTE_MS) },
        { tenant: 'greedy', weight: 2, times: [...times, ...times].sort((a, b) => a - b) },
      ],
    })
    const waits = of(scene, 'greedy').filter((one) => !one.admitted)
    expect(waits.length).toBeGreaterThan(50)
    for (const { by, retryAfterMs = 0 } of waits) {
      expect(by).toBe('account_rate')
      expect(retryAfterMs > 0 && retryAfterMs <= 31_000).toBe(true)
    }
  })
})

describe('a tenant that asks for nothing', () => {
  it('costs nobody anything: another gets what it would get alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        weight,
        fc.integer({ min: 1, max: 1000 }),
        async (...made) => {
          const [perMinute, own, idleWeight] = made
          const times = steadily(START, MINUTE_MS / (perMinute * 3), 5 * MINUTE_MS)
          const askers = [{ tenant: 'busy', weight: own, times }]
          expect(await play({ perMinute, askers, idle: idleWeight })).toEqual(
            await play({ perMinute, askers }),
          )
        },
      ),
      { numRuns: 15 },
    )
  })
})

describeWithRedis('shares in Redis', () => {
  it('are those of the memory ledger, request by request', async () => {
    const plot: Plot = {
      perMinute: 60,
      idle: 1,
      askers: [
        { tenant: 'polite', weight: 2, times: steadily(START + 20_007, 3333, 160_000) },
        { tenant: 'bursty', weight: 1, times: steadily(START + 40_003, 1000, 60_000) },
        { tenant: 'greedy', weight: 2, times: steadily(START, 66, 180_000) },
      ],
    }
    const server = await startRedisServer()
    const clock = createFakeClock(START)
    const ledger = await createRedisLedger({
      url: server.url,
      clock: systemClock,
      telemetry: createRecorder(),
      serverNow: clock.now,
    })
    try {
      const scene = await playScene({ ...plot, ledger, clock, account: 'acme' })
      expect(refused(of(scene, 'polite'))).toBeLessThanOrEqual(2)
      expect(refused(of(scene, 'greedy'))).toBeGreaterThan(2000)
      expect(inAll(scene)).toBeGreaterThanOrEqual(180 + 30 - 3)
      expect(scene).toEqual(await play(plot))
    } finally {
      await ledger.close()
      await server.stop()
    }
  })
})
