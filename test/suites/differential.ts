import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { Answer } from '../../src/domain/answer.ts'
import { CONTENTION_MS } from '../../src/domain/fair-share.ts'
import { RETENTION_MS } from '../../src/domain/ledger-rules.ts'
import { type Charge, periodEnd } from '../../src/domain/limits.ts'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import type { Clock, Ledger, LedgerEntry, SettledOutcome } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'

type Step =
  | {
      do: 'open'
      tenant: number
      key: number
      fingerprint: string
      body: string
      charge: Charge
      leaseMs: number
    }
  | { do: 'reopen'; which: number }
  | { do: 'settle'; which: number; outcome: SettledOutcome }
  | { do: 'contest'; tenant: number; times: number; last: number; ms: number }
  | { do: 'standings'; tenant: number; charge: Charge }
  | { do: 'step'; ms: number }
  | { do: 'to'; period: 'day' | 'month'; offsetMs: number }

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
  fc.record({ perDay: quota, perMonth: quota }, { requiredKeys: [], noNullPrototype: true }),
)
const share = fc.oneof(
  fc.constantFrom({ weight: 1, of: 1 }, { weight: 1, of: 2 }, { weight: 1, of: 2 }, { weight: 2, of: 3 }),
  fc.constantFrom({ weight: 1, of: 10_000_000 }, { weight: 1000, of: 1001 }, { weight: 999, of: 9_999_991 }),
  fc.constant(undefined),
)
const charge: fc.Arbitrary<Charge> = fc
  .record({
    class: fc.constantFrom('write', 'write', 'read'),
    tenantPerMinute: perMinute,
    accountPerMinute: perMinute,
    maxConcurrent: fc.constantFrom(1, 2, 3, 50),
    message,
    share,
  })
  // Reads are no messages.
  .map(({ message: counted, share: part, ...rest }) => ({
    ...rest,
    ...(part && { share: part }),
    ...(counted && rest.class === 'write' && { message: counted }),
  }))

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

const outcome: fc.Arbitrary<SettledOutcome> = fc.record(
  {
    settlement: fc.constantFrom('keep', 'unknown', 'release'),
    answer,
    giveBack: fc.boolean(),
    accountTokensLeft: fc.oneof(fc.nat(3), fc.nat(700), fc.nat(1e10)),
  },
  // As JSON.parse makes them; others cannot be sent to a Durable Object.
  { requiredKeys: ['settlement', 'answer', 'giveBack'], noNullPrototype: true },
)

const tenant = fc.nat(TENANTS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      tenant,
      // 0: no key.
      key: fc.nat(3),
      fingerprint: fc.constantFrom(...Array(6).fill('v1:print-0'), 'v1:print-1', 'v2:print-0', 'print-0'),
      body: fc.json(),
      charge,
      leaseMs: fc.constantFrom(1, 40_000, 40_000, 50_000, RETENTION_MS + 5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), which: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), outcome }) },
  {
    // One tenant asks many times, another once, by limits that stay as they are; then some time goes by.
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('contest' as const),
      tenant: fc.nat(1),
      times: fc.nat(15),
      last: fc.nat(1),
      ms: fc.constantFrom(0, 100, 7500, 15_000, 60_000, ...[-1, 0, 1].map((by) => CONTENTION_MS / 2 + by)),
    }),
  },
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

/** The limits of contests in one history: per minute for the account, and each tenant's weight. */
interface Arena {
  readonly accountPerMinute: number
  readonly weights: readonly number[]
  readonly idle: number
}
const arena: fc.Arbitrary<Arena> = fc.record({
  accountPerMinute: fc.constantFrom(2, 5, 8, 8, 13, 60),
  weights: fc.constantFrom([1, 1], [1, 1], [1, 3], [5, 2], [1, 30]),
  idle: fc.constantFrom(0, 0, 1, 7),
})

/** A ledger that is held against the memory ledger. Histories go to accounts of their own. */
export interface Rival {
  readonly ledger: Ledger
  /** Lets the ledger read the time from `clock`. */
  useTimeOf(clock: Pick<Clock, 'now'>): void
}

/**
 * Plays random histories through the memory ledger and through `rival` and compares every answer in every field.
 * Resolves to the number of steps compared; `limitMs` ends it early on a slow machine.
 */
export async function comparedSteps(rival: Rival, runs: number, limitMs: number): Promise<number> {
  let compared = 0
  let histories = 0

  /** Plays one history through both; every answer must be the same in every field. */
  const play = async (began: number, limits: Arena, history: readonly Step[]): Promise<void> => {
    const clock = createFakeClock(began)
    rival.useTimeOf(clock)
    const memory = createMemoryLedger({ clock, telemetry: createRecorder(), maxSettled: 1000 })
    // Accounts of its own, since other histories have left theirs.
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
    /** When records expire and leases end: what is over a ledger drops when it likes, so it must stay over. */
    const ends = new Set<number>()

    /** One request without a key, in a contest. */
    const ask = async (what: string, which: number): Promise<void> => {
      const { accountPerMinute, weights, idle } = limits
      const [weight = 1, other = 1] = which === 0 ? weights : weights.toReversed()
      const entry: LedgerEntry = {
        ...(TENANTS[which] ?? TENANTS[0]),
        owner: `asker-${++askers}`,
        leaseMs: 40_000,
        charge: {
          class: 'write',
          tenantPerMinute: 1000,
          accountPerMinute,
          maxConcurrent: 100_000,
          share: { weight, of: weight + other + idle },
        },
      }
      await same(what, memory.open(entry), rival.ledger.open(placed(entry)))
    }
    let askers = 0

    for (const [turn, move] of history.entries()) {
      const what = `step ${turn}: ${move.do}`
      if (move.do === 'step') {
        const now = clock.now()
        const latestEnd = Math.max(Number.NEGATIVE_INFINITY, ...[...ends].filter((at) => at <= now))
        clock.step(Math.max(now + move.ms, latestEnd) - now)
      } else if (move.do === 'contest') {
        for (let time = 0; time < move.times; time += 1) await ask(what, move.tenant)
        await ask(what, move.last)
        clock.step(move.ms)
      } else if (move.do === 'to')
        clock.step(periodEnd(move.period, clock.now()) + move.offsetMs - clock.now())
      else if (move.do === 'standings') {
        // The memory ledger drops leases that are over when it looks at many; looking may write nothing elsewhere.
        const asked = {
          ...(TENANTS[move.tenant] ?? TENANTS[0]),
          charge: { ...move.charge, maxConcurrent: 1e6 },
        }
        await same(what, memory.standings(asked), rival.ledger.standings(placed(asked)))
      } else if (move.do === 'open') {
        const whose = TENANTS[move.tenant] ?? TENANTS[0]
        const key = `key ${move.key}`.replace(' ', '-')
        const entry: LedgerEntry = {
          ...whose,
          owner: `owner-${turn}`,
          leaseMs: move.leaseMs,
          charge: move.charge,
          ...(move.key > 0 && { slot: { key, fingerprint: move.fingerprint, body: move.body, waitMs: 0 } }),
        }
        const opened = await memory.open(entry)
        await same(what, opened, rival.ledger.open(placed(entry)))
        if (opened.kind !== 'go') continue
        const row = `${whose.tenant} ${key}`
        if (!opened.resumed) firstSentAt.set(row, clock.now())
        const bound = entry.slot === undefined ? Number.POSITIVE_INFINITY : (firstSentAt.get(row) ?? 0)
        const forgottenAt = bound + RETENTION_MS
        ends.add(forgottenAt).add(clock.now() + entry.leaseMs)
        attempts.push({ entry, forgottenAt })
      } else {
        const attempt = attempts[move.which % Math.max(1, attempts.length)]
        // A ledger may have dropped a record whose day is over.
        if (attempt === undefined || clock.now() >= attempt.forgottenAt) continue
        const { entry } = attempt
        if (move.do === 'reopen') {
          await same(what, memory.open(entry), rival.ledger.open(placed(entry)))
          // Its lease may have been over: then it has another one now.
          ends.add(clock.now() + entry.leaseMs)
        } else
          await same(
            what,
            memory.settle(entry, move.outcome),
            rival.ledger.settle(placed(entry), move.outcome),
          )
      }
    }
  }

  await fc.assert(
    fc.asyncProperty(start, arena, fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), play),
    { numRuns: runs, interruptAfterTimeLimit: limitMs, markInterruptAsFailure: false },
  )
  return compared
}
