import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { LedgerEntry } from '../../src/ports.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { type LiveRedisLedger, liveEntry, makeLive, timed, withAdmin } from './redis-harness.ts'

const PROMPT_MS = 200
/** A look every second, and some time for it. */
const WITHOUT_MESSAGE_MS = 1500
const WAIT_MS = 10_000

const answer = { status: 200, body: '{"data":"the answer"}' }
const outcomes = [
  ['kept', { settlement: 'keep', answer, giveBack: false }],
  ['unknown', { settlement: 'unknown', answer, giveBack: false }],
  ['released', { settlement: 'release', answer, giveBack: true }],
] as const

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describeWithRedis('two gateways on one Redis', () => {
  let server: RedisServer
  let one: LiveRedisLedger
  let other: LiveRedisLedger
  let keys = 0

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    one = await makeLive(server)
    other = await makeLive(server)
  })
  afterEach(async () => {
    await one.ledger.close()
    await other.ledger.close()
  })

  /** Starts a request at `one` and `waiters` for it at `other`. */
  const duplicate = async (waiters: number, more: Partial<LedgerEntry> = {}) => {
    const key = `key-${++keys}`
    const owner = liveEntry(key, more)
    expect((await one.ledger.open(owner)).kind).toBe('go')
    const waiting = Array.from({ length: waiters }, () => other.ledger.open(liveEntry(key, more, WAIT_MS)))
    await pause(300)
    return { key, owner, waiting }
  }

  it.each(outcomes)('give a waiter the other’s answer promptly when it is %s', async (_, outcome) => {
    const { owner, waiting } = await duplicate(5)
    const settled = one.ledger.settle(owner, outcome)
    const answered = await timed(Promise.all(waiting))
    expect(await settled).toBe(true)
    expect(answered.ms).toBeLessThan(PROMPT_MS)
    const replay = expect.objectContaining({ kind: 'replay', answer })
    expect(answered).toMatchObject({ value: Array(5).fill(replay) })
  })

  it('give it also when the message is lost, whatever it is', async () => {
    const started = await Promise.all(outcomes.map(() => duplicate(2)))
    await withAdmin(server, (send) => send('CLIENT', 'KILL', 'TYPE', 'pubsub'))
    const settled = started.map(({ owner }, i) => one.ledger.settle(owner, (outcomes[i] ?? outcomes[0])[1]))
    const answered = await timed(Promise.all(started.flatMap(({ waiting }) => waiting)))
    expect(await Promise.all(settled)).toEqual([true, true, true])
    expect(answered.ms).toBeLessThan(WITHOUT_MESSAGE_MS)
    const replay = expect.objectContaining({ kind: 'replay', answer })
    expect(answered).toMatchObject({ value: Array(6).fill(replay) })
    expect(other.telemetry.events).toEqual([])
  })

  it('are told promptly again after a lost subscription', async () => {
    const { owner, waiting } = await duplicate(1)
    await withAdmin(server, (send) => send('CLIENT', 'KILL', 'TYPE', 'pubsub'))
    await pause(1300)
    const settled = one.ledger.settle(owner, outcomes[0][1])
    const answered = await timed(Promise.all(waiting))
    await settled
    expect(answered.ms).toBeLessThan(PROMPT_MS)
  })

  it('let exactly one waiter take over when the owner’s lease ends, and the others wait for that one', async () => {
    const { key, waiting } = await duplicate(2, { leaseMs: 1000 })
    const kinds: string[] = []
    for (const opening of waiting) void opening.then(({ kind }) => kinds.push(kind))
    await pause(1000)
    expect(kinds).toEqual(['go'])
    await pause(1000)
    // The successor's lease has ended as well.
    expect(kinds).toEqual(['go', 'go'])
    expect((await one.ledger.open(liveEntry(key))).kind).toBe('in_flight')
  })

  it('publish nothing for a key that nobody waits for', async () => {
    const key = `key-${++keys}`
    const entry = liveEntry(key)
    const published = () =>
      withAdmin(
        server,
        async (send) => /cmdstat_spublish:calls=(\d+)/.exec(String(await send('INFO', 'commandstats')))?.[1],
      )
    const before = await published()
    await one.ledger.open(entry)
    expect((await other.ledger.open(liveEntry(key))).kind).toBe('in_flight')
    await one.ledger.settle(entry, outcomes[1][1])
    expect(await published()).toBe(before)
  })

  it('share limits, keys and requests under way', async () => {
    const charge = { class: 'write', tenantPerMinute: 60, accountPerMinute: 60, maxConcurrent: 2 } as const
    const entries = ['a', 'b', 'c'].map((key) => liveEntry(`shared-${key}`, { charge, account: 'shared' }))
    const [first, second, third] = entries as [LedgerEntry, LedgerEntry, LedgerEntry]
    expect((await one.ledger.open(first)).kind).toBe('go')
    expect((await other.ledger.open(second)).kind).toBe('go')
    expect(await one.ledger.open(third)).toMatchObject({ kind: 'refused', by: 'concurrency' })
    expect(await other.ledger.settle(first, outcomes[0][1])).toBe(true)
    expect((await one.ledger.open(third)).kind).toBe('go')
    expect((await other.ledger.standings(first)).bucket.remaining).toBe(57)
  })
})
