import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { CONTENTION_MS } from '../../src/domain/fair-share.ts'
import { RETENTION_MS } from '../../src/domain/ledger-rules.ts'
import { Secret } from '../../src/domain/tenant.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { empty, type LiveRedisLedger, liveEntry, makeLive, timed, until, withAdmin } from './redis-harness.ts'

const MINUTE_MS = 60_000
const kept = { settlement: 'keep', answer: { status: 200, body: '{"data":{}}' }, giveBack: false } as const
const unknown = { ...kept, settlement: 'unknown' } as const

describeWithRedis('what the Redis ledger leaves in Redis', () => {
  let server: RedisServer
  let live: LiveRedisLedger

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await empty(server)
    live = await makeLive(server)
  })
  afterEach(() => live.ledger.close())

  /** All keys with the ms they have to live. */
  const keys = () =>
    withAdmin(server, async (send) => {
      const found = new Map<string, number>()
      for (const key of (await send('KEYS', '*')) as string[]) found.set(key, Number(await send('PTTL', key)))
      return found
    })

  it('has the account’s hash tag in every key and a time to live on every key', async () => {
    const { ledger } = live
    for (const outcome of [kept, unknown, undefined]) {
      const entry = liveEntry(`k-${outcome?.settlement ?? 'flying'}`)
      await ledger.open(entry)
      if (outcome) {
        // Somebody waits, so that an answer that is not kept is left for them.
        const waiting = ledger.open(liveEntry(entry.slot?.key ?? '', {}, 5000))
        await new Promise((resolve) => setTimeout(resolve, 100))
        await ledger.settle(entry, outcome)
        await waiting
      }
    }
    const found = await keys()
    expect([...found.keys()].sort()).toEqual([
      'kg:{acme}:a:billing k-unknown',
      'kg:{acme}:b:write',
      'kg:{acme}:l:billing',
      'kg:{acme}:r:billing k-flying',
      'kg:{acme}:r:billing k-keep',
      'kg:{acme}:r:billing k-unknown',
      'kg:{acme}:t:billing',
    ])
    for (const [key, ms] of found) expect(ms, key).toBeGreaterThan(0)
    for (const state of ['flying', 'keep', 'unknown']) {
      const ms = found.get(`kg:{acme}:r:billing k-${state}`) ?? 0
      expect(ms, state).toBeGreaterThan(RETENTION_MS)
      expect(ms, state).toBeLessThan(RETENTION_MS + 10 * MINUTE_MS)
    }
    expect(found.get('kg:{acme}:b:write')).toBeGreaterThan(CONTENTION_MS)
    expect(found.get('kg:{acme}:t:billing')).toBeGreaterThan(31 * RETENTION_MS)
    expect(found.get('kg:{acme}:l:billing')).toBeGreaterThan(40_000)
  })

  it('keeps a record in flight for as long as its lease, however long that is', async () => {
    const leaseMs = 2 * RETENTION_MS
    await live.ledger.open(liveEntry('long', { leaseMs }))
    const found = await keys()
    expect(found.get('kg:{acme}:r:billing long')).toBeGreaterThan(leaseMs)
    expect(found.get('kg:{acme}:l:billing')).toBeGreaterThan(leaseMs)
    await live.ledger.open(liveEntry('short', { leaseMs: 1000 }))
    expect((await keys()).get('kg:{acme}:l:billing')).toBeGreaterThan(leaseMs)
  })

  it('has nothing of a request without a key but its lease and the meters', async () => {
    const { slot: _, ...unkeyed } = liveEntry('none')
    await live.ledger.open(unkeyed)
    expect([...(await keys()).keys()].sort()).toEqual([
      'kg:{acme}:b:write',
      'kg:{acme}:l:billing',
      'kg:{acme}:t:billing',
    ])
    await live.ledger.settle(unkeyed, kept)
    expect([...(await keys()).keys()].sort()).toEqual(['kg:{acme}:b:write', 'kg:{acme}:t:billing'])
  })

  it('makes two round trips for a keyed request, and one for a replay or a refusal', async () => {
    const calls = () =>
      withAdmin(server, async (send) => {
        const stats = String(await send('INFO', 'commandstats'))
        return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
      })
    const { ledger } = live
    const first = liveEntry('a')
    const trips = async (act: () => Promise<unknown>) => {
      const before = await calls()
      await act()
      return (await calls()) - before
    }
    const post = async () => {
      await ledger.open(first)
      await ledger.settle(first, kept)
    }
    // Teaches the server both scripts.
    await ledger.open(liveEntry('warm'))
    await ledger.settle(liveEntry('warm'), kept)
    expect(await trips(post)).toBe(2)
    expect(await trips(() => ledger.open(liveEntry('a')))).toBe(1)
    const mismatch = liveEntry('a', { slot: { key: 'a', fingerprint: 'other', body: '{}', waitMs: 9 } })
    expect(await trips(() => ledger.open(mismatch))).toBe(1)
    const tight = liveEntry('b', { charge: { ...first.charge, maxConcurrent: 1 } })
    await ledger.open(liveEntry('c'))
    expect(await trips(async () => expect((await ledger.open(tight)).kind).toBe('refused'))).toBe(1)
    const counted = liveEntry('d')
    await ledger.open(counted)
    const outcome = { ...kept, giveBack: true, accountTokensLeft: 3 }
    expect(await trips(async () => expect(await ledger.settle(counted, outcome)).toBe(true))).toBe(1)
  })

  it('remembers contention for as long as it lasts, after a refusal that took one round trip', async () => {
    const charge = {
      class: 'write',
      tenantPerMinute: 100,
      accountPerMinute: 4,
      maxConcurrent: 100,
      share: { weight: 1, of: 2 },
    } as const
    const ask = (tenant: string) => {
      const { slot: _, ...unkeyed } = liveEntry('none', { tenant, charge })
      return live.ledger.open(unkeyed)
    }
    for (let i = 0; i < 4; i += 1) expect((await ask('greedy')).kind).toBe('go')
    await withAdmin(server, (send) => send('PEXPIRE', 'kg:{acme}:b:write', '1000'))
    expect(await ask('polite')).toMatchObject({ kind: 'refused', by: 'account_rate' })
    expect((await keys()).get('kg:{acme}:b:write')).toBeGreaterThan(CONTENTION_MS)
  })

  it('keeps the body of a request only while its outcome is open', async () => {
    const body = JSON.stringify({ marker: 'SEEN', text: 'x'.repeat(10_000) })
    const held = async () => {
      const values = await withAdmin(server, (send) => send('GET', 'kg:{acme}:r:billing a'))
      return String(values).includes('SEEN')
    }
    const slot = { key: 'a', fingerprint: 'v1:print', body, waitMs: 0 }
    const first = liveEntry('a', { slot })
    await live.ledger.open(first)
    expect(await held()).toBe(true)
    await live.ledger.settle(first, unknown)
    expect(await held()).toBe(true)
    const second = liveEntry('a', { slot })
    await live.ledger.open(second)
    await live.ledger.settle(second, kept)
    expect(await held()).toBe(false)
  })

  it('costs less than 1 KiB for a kept answer of 350 bytes', async () => {
    const records = 2000
    const body = JSON.stringify({ data: 'x'.repeat(350 - 11) })
    const used = () =>
      withAdmin(server, async (send) =>
        Number(/used_memory:(\d+)/.exec(String(await send('INFO', 'memory')))?.[1]),
      )
    const { ledger } = live
    const charge = { ...liveEntry('x').charge, tenantPerMinute: 1e9, accountPerMinute: 1e9 }
    const before = await used()
    for (let i = 0; i < records; i += 1) {
      const entry = liveEntry(crypto.randomUUID(), { charge })
      entry.slot && Object.assign(entry.slot, { fingerprint: `v1:${'f'.repeat(64)}` })
      await ledger.open(entry)
      await ledger.settle(entry, {
        settlement: 'keep',
        answer: { status: 200, body, upstreamRequestId: `req_${'0'.repeat(26)}` },
        giveBack: false,
      })
    }
    expect(((await used()) - before) / records).toBeLessThan(1024)
  })
})

describeWithRedis('the Redis ledger and passwords', () => {
  let server: RedisServer
  const password = 'p@ss,word/1'
  const url = (secret: string) =>
    new Secret(`redis://:${encodeURIComponent(secret)}@127.0.0.1:${server.port}/0`)

  beforeAll(async () => {
    server = await startRedisServer(['--requirepass', password])
  })
  afterAll(() => server.stop())

  it('are taken from the URL, for messages as well', async () => {
    const { ledger } = await makeLive({ url: url(password) })
    const first = liveEntry('a')
    expect((await ledger.open(first)).kind).toBe('go')
    const waiting = ledger.open(liveEntry('a', {}, 5000))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await ledger.settle(first, unknown)
    const { ms, status } = await timed(waiting)
    expect(status).toBe('fulfilled')
    expect(ms).toBeLessThan(200)
    await ledger.close()
  })

  it('put it out of reach when they are wrong, and are never told', async () => {
    const wrong = await makeLive({ url: url('not-the-password') })
    const { reason, status } = (await timed(wrong.ledger.open(liveEntry('b')))) as PromiseRejectedResult
    expect(status).toBe('rejected')
    expect(await wrong.ledger.reachable()).toBe(false)
    await until(() => wrong.telemetry.events.length > 0, 1000)
    const told = `${String(reason)} ${JSON.stringify(wrong.telemetry.events)}`
    expect(told).not.toContain('not-the-password')
    expect(wrong.telemetry.events).toEqual([{ event: 'ledger_state', reachable: false }])
    await wrong.ledger.close()
  })
})
