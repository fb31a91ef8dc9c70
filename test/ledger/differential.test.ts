import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Answer } from '../../src/domain/answer.ts'
import { RETENTION_MS } from '../../src/domain/ledger-rules.ts'
import { type Charge, periodEnd, periodStart } from '../../src/domain/limits.ts'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import { luaRules } from '../../src/ledger/redis/lua-rules.ts'
import { createRedisLedger, type RedisLedger } from '../../src/ledger/redis.ts'
import type { Ledger, LedgerEntry } from '../../src/ports.ts'
import { systemClock } from '../../src/system/clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { withAdmin } from './redis-harness.ts'

type Outcome = Parameters<Ledger['settle']>[1]

type Step =
  | { do: 'open'; tenant: number; key: number; print: number; charge: Charge; leaseMs: number }
  | { do: 'reopen'; which: number }
  | { do: 'settle'; which: number; outcome: Outcome }
  | { do: 'standings'; tenant: number; charge: Charge }
  | { do: 'step'; ms: number }
  | { do: 'to'; period: 'day' | 'month'; offsetMs: number }

const DAY_MS = 86_400_000

/** Each tenant and its account. */
const TENANTS = [
  { tenant: 'billing', account: 'acme' },
  { tenant: 'crm', account: 'acme' },
  { tenant: 'ops', account: 'other' },
] as const

const perMinute = fc.constantFrom(1, 2, 3, 7, 60, 600, 999_999_937, 1_000_000_000)
const quota = fc.constantFrom(1, 2, 3, 5, 100)
const message = fc.oneof(
  fc.constant(undefined),
  fc.record({ perDay: quota, perMonth: quota }, { requiredKeys: [] }),
)
const charge: fc.Arbitrary<Charge> = fc
  .record({
    class: fc.constantFrom('write', 'write', 'read'),
    tenantPerMinute: perMinute,
    accountPerMinute: perMinute,
    maxConcurrent: fc.constantFrom(1, 2, 3, 50),
    message,
  })
  .map(({ message: counted, ...rest }) => ({ ...rest, ...(counted && { message: counted }) }))

const answer: fc.Arbitrary<Answer> = fc.record(
  {
    status: fc.constantFrom(200, 422, 502, 503),
    body: fc.string({ unit: 'grapheme' }),
    code: fc.constantFrom('quota_exceeded', 'internal_error'),
    outcome: fc.constantFrom('not_sent', 'unknown', 'sent'),
    retryAfterSeconds: fc.nat(100),
    upstreamRequestId: fc.constantFrom('req_1', 'req\n2'),
  },
  { requiredKeys: ['status', 'body'], noNullPrototype: true },
)

const outcome: fc.Arbitrary<Outcome> = fc.record({
  settlement: fc.constantFrom('keep', 'unknown', 'release'),
  answer,
  giveBack: fc.boolean(),
})

const tenant = fc.nat(TENANTS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      tenant,
      // 0: no key.
      key: fc.nat(3),
      print: fc.constantFrom(0, 0, 0, 1),
      charge,
      leaseMs: fc.constantFrom(1, 40_000, 40_000, 50_000, RETENTION_MS + 5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), which: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), outcome }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('standings' as const), tenant, charge }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('step' as const),
      ms: fc.oneof(
        fc.integer({ min: -5000, max: 5000 }),
        fc.nat(60_001),
        fc.constantFrom(1, 39_999, 40_000, 59_999, 60_000, RETENTION_MS / 3, RETENTION_MS - 1, RETENTION_MS),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('to' as const),
      period: fc.constantFrom('day', 'month'),
      offsetMs: fc.constantFrom(-1, 0, 1, 30_000),
    }),
  },
)

/** Ends of months and years, leap years and those that are none, and any time from 1971 to 2200. */
const start = fc.oneof(
  fc.constantFrom(
    Date.UTC(2024, 1, 28, 23, 59, 59, 999),
    Date.UTC(2024, 1, 29, 12),
    Date.UTC(2023, 1, 28, 23, 59, 58),
    Date.UTC(2000, 1, 29, 0, 0, 0, 1),
    Date.UTC(2100, 1, 28, 23, 59, 30),
    Date.UTC(2026, 11, 31, 23, 59, 59, 990),
    Date.UTC(2027, 0, 1),
    Date.UTC(2026, 3, 30, 23, 30),
  ),
  fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2200, 0, 1) }),
)

describeWithRedis('the Redis ledger against the memory ledger', () => {
  let server: RedisServer
  let redis: RedisLedger
  let clock = createFakeClock()
  let compared = 0
  let histories = 0

  beforeAll(async () => {
    server = await startRedisServer()
    redis = await createRedisLedger({
      url: server.url,
      clock: systemClock,
      telemetry: createRecorder(),
      serverNow: () => clock.now(),
    })
  })
  afterAll(async () => {
    await redis.close()
    await server.stop()
  })

  /** Plays one history through both; every answer must be the same in every field. */
  const play = async (began: number, history: readonly Step[]): Promise<void> => {
    clock = createFakeClock(began)
    const memory = createMemoryLedger({ clock, telemetry: createRecorder(), maxSettled: 1000 })
    // Accounts of its own in Redis, where other histories have left theirs.
    const suffix = `-${++histories}`
    const placed = <T extends { account: string }>(entry: T): T => ({
      ...entry,
      account: entry.account + suffix,
    })
    const same = async (what: string, one: unknown, other: unknown): Promise<void> => {
      const [expected, given] = [await one, await other]
      // `expect` alone would take most of the time.
      if (!isDeepStrictEqual(given, expected)) expect(given, what).toStrictEqual(expected)
      compared += 1
    }
    const attempts: { entry: LedgerEntry; forgottenAt: number }[] = []
    const firstSentAt = new Map<string, number>()
    /** When records expire. */
    const expiries = new Set<number>()

    for (const [turn, move] of history.entries()) {
      const what = `step ${turn}: ${move.do}`
      if (move.do === 'step') {
        const to = clock.now() + move.ms
        // Not back to before a record has expired: a ledger may have dropped it by now.
        if ([...expiries].some((at) => to < at && at <= clock.now())) continue
        clock.step(move.ms)
      } else if (move.do === 'to')
        clock.step(periodEnd(move.period, clock.now()) + move.offsetMs - clock.now())
      else if (move.do === 'standings') {
        // The memory ledger drops leases that are over when it looks at many; looking writes nothing in Redis.
        const asked = {
          ...(TENANTS[move.tenant] ?? TENANTS[0]),
          charge: { ...move.charge, maxConcurrent: 1e6 },
        }
        await same(what, memory.standings(asked), redis.standings(placed(asked)))
      } else if (move.do === 'open') {
        const whose = TENANTS[move.tenant] ?? TENANTS[0]
        const key = `key ${move.key}`.replace(' ', '-')
        const entry: LedgerEntry = {
          ...whose,
          owner: `owner-${turn}`,
          leaseMs: move.leaseMs,
          charge: move.charge,
          ...(move.key > 0 && { slot: { key, fingerprint: `print-${move.print}`, waitMs: 0 } }),
        }
        const opened = await memory.open(entry)
        await same(what, opened, redis.open(placed(entry)))
        if (opened.kind !== 'go') continue
        const row = `${whose.tenant} ${key}`
        if (!opened.resumed) firstSentAt.set(row, clock.now())
        const bound = entry.slot === undefined ? Number.POSITIVE_INFINITY : (firstSentAt.get(row) ?? 0)
        const forgottenAt = bound + RETENTION_MS
        expiries.add(forgottenAt).add(Math.max(forgottenAt, clock.now() + entry.leaseMs))
        attempts.push({ entry, forgottenAt })
      } else {
        const attempt = attempts[move.which % Math.max(1, attempts.length)]
        // A ledger may have dropped a record whose day is over.
        if (attempt === undefined || clock.now() >= attempt.forgottenAt) continue
        const { entry, forgottenAt } = attempt
        if (move.do === 'reopen') {
          await same(what, memory.open(entry), redis.open(placed(entry)))
          // Its lease may have been over: then it has another one now.
          expiries.add(Math.max(forgottenAt, clock.now() + entry.leaseMs))
        } else await same(what, memory.settle(entry, move.outcome), redis.settle(placed(entry), move.outcome))
      }
    }
  }

  it('begins its days and months as the domain does, on every day from 1970 to 2200', async () => {
    const days = Math.floor(Date.UTC(2200, 0, 1) / DAY_MS)
    const loop = `
      local starts = {}
      for day = 0, tonumber(ARGV[1]) do
        local now = day * DAY + (day * 7919) % DAY
        starts[#starts + 1], starts[#starts + 2] = day_start(now), month_start(now)
      end
      return starts`
    const given = await withAdmin(server, (send) => send('EVAL', luaRules + loop, '0', String(days)))
    const expected = Array.from({ length: days + 1 }, (_, day) => {
      const now = day * DAY_MS + ((day * 7919) % DAY_MS)
      return [periodStart('day', now), periodStart('month', now)]
    })
    expect(isDeepStrictEqual(given, expected.flat())).toBe(true)
  })

  it('gives the same answers in every field, whatever has happened before', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), play),
      {
        numRuns: 400,
        // On a slow machine fewer will do.
        interruptAfterTimeLimit: 15_000,
        markInterruptAsFailure: false,
      },
    )
    expect(compared).toBeGreaterThan(5000)
  })
})
