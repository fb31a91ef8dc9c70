import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { type LiveRedisLedger, liveEntry, makeLive, timed, until, withAdmin } from './redis-harness.ts'

/** What callers are promised. */
const FAILS_WITHIN_MS = 2000
const RECOVERS_WITHIN_MS = 2000

const kept = { settlement: 'keep', answer: { status: 200, body: '{"data":{}}' }, giveBack: false } as const

describeWithRedis('the Redis ledger in an outage', () => {
  let server: RedisServer
  let live: LiveRedisLedger
  let keys = 0
  const freshKey = () => `key-${++keys}`

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    live = await makeLive(server)
  })
  afterEach(() => live.ledger.close())

  const states = () => live.telemetry.of('ledger_state').map(({ reachable }) => reachable)
  const left = async () => (await live.ledger.standings(liveEntry('x'))).day?.remaining

  it('rejects at once while the server is gone, comes back by itself, and says each once', async () => {
    expect((await live.ledger.open(liveEntry(freshKey()))).kind).toBe('go')
    await server.stop()
    for (let i = 0; i < 20; i += 1) {
      const refused = await timed(live.ledger.open(liveEntry(freshKey())))
      expect(refused.status).toBe('rejected')
      expect(refused.ms).toBeLessThan(FAILS_WITHIN_MS)
    }
    expect(await live.ledger.reachable()).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 1200))
    expect(states()).toEqual([false])
    await server.restart()
    await until(async () => live.ledger.reachable(), RECOVERS_WITHIN_MS)
    expect((await live.ledger.open(liveEntry(freshKey()))).kind).toBe('go')
    expect(states()).toEqual([false, true])
  })

  it('rejects within two seconds while the server stands still, and what it was asked then has no effect', async () => {
    await live.ledger.open(liveEntry(freshKey()))
    const before = await left()
    const key = freshKey()
    server.pause()
    try {
      const hung = await Promise.all([1, 2, 3].map(() => timed(live.ledger.open(liveEntry(key)))))
      for (const { status, ms } of hung) {
        expect(status).toBe('rejected')
        expect(ms).toBeLessThan(FAILS_WITHIN_MS)
      }
      expect(await live.ledger.reachable()).toBe(false)
      const next = await timed(live.ledger.open(liveEntry(key)))
      expect(next.status).toBe('rejected')
      expect(next.ms).toBeLessThan(FAILS_WITHIN_MS)
      expect(states()).toEqual([false])
    } finally {
      server.resume()
    }
    await until(async () => live.ledger.reachable(), RECOVERS_WITHIN_MS)
    expect(states()).toEqual([false, true])
    expect(await left()).toBe(before)
    expect(await live.ledger.open(liveEntry(key))).toMatchObject({ kind: 'go', resumed: false })
  })

  it('settles in the background what could not be settled while the server stood still', async () => {
    const hasty = await makeLive(server, { commandTimeoutMs: 500 })
    const entry = liveEntry(freshKey())
    await hasty.ledger.open(entry)
    server.pause()
    try {
      const settled = await timed(hasty.ledger.settle(entry, kept))
      expect(settled.status).toBe('rejected')
      expect(settled.ms).toBeLessThan(800)
    } finally {
      server.resume()
    }
    const key = entry.slot?.key ?? ''
    await until(
      async () => (await timed(live.ledger.open(liveEntry(key)))).status === 'fulfilled',
      RECOVERS_WITHIN_MS,
    )
    expect(await live.ledger.open(liveEntry(key, {}, 3000))).toMatchObject({
      kind: 'replay',
      answer: kept.answer,
    })
    await hasty.ledger.close()
  })

  it('settles in the background what failed while there was no connection', async () => {
    const entry = liveEntry(freshKey())
    await live.ledger.open(entry)
    // The data survives; only the connections are cut, and new ones are not answered for a while.
    await withAdmin(server, async (send) => {
      await send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    })
    server.pause()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const settled = await timed(live.ledger.settle(entry, kept))
    server.resume()
    expect(settled.status).toBe('rejected')
    expect(settled.ms).toBeLessThan(100)
    await until(async () => live.ledger.reachable(), RECOVERS_WITHIN_MS)
    const key = entry.slot?.key ?? ''
    expect(await live.ledger.open(liveEntry(key, {}, 3000))).toMatchObject({ kind: 'replay' })
  })

  it('starts while the server is down, and works once it is up', async () => {
    await server.stop()
    const late = await makeLive(server)
    expect(await late.ledger.reachable()).toBe(false)
    await expect(late.ledger.open(liveEntry(freshKey()))).rejects.toThrow()
    expect(late.telemetry.of('ledger_state')).toEqual([{ event: 'ledger_state', reachable: false }])
    await server.restart()
    await until(async () => late.ledger.reachable(), RECOVERS_WITHIN_MS)
    expect((await late.ledger.open(liveEntry(freshKey()))).kind).toBe('go')
    await late.ledger.close()
  })

  it('starts within two seconds while the server stands still', async () => {
    server.pause()
    const started = await timed(makeLive(server)).finally(() => server.resume())
    expect(started.ms).toBeLessThan(FAILS_WITHIN_MS)
    if (started.status === 'fulfilled') await started.value?.ledger.close()
  })

  it('teaches the server its scripts again when they were forgotten', async () => {
    await live.ledger.open(liveEntry(freshKey()))
    await withAdmin(server, (send) => send('SCRIPT', 'FLUSH'))
    const entry = liveEntry(freshKey())
    expect((await live.ledger.open(entry)).kind).toBe('go')
    await withAdmin(server, (send) => send('SCRIPT', 'FLUSH'))
    expect(await live.ledger.settle(entry, kept)).toBe(true)
    expect(states()).toEqual([])
  })

  it('is out of reach while the server is a replica, and back when it may be written to', async () => {
    await withAdmin(server, (send) => send('REPLICAOF', '127.0.0.1', '1'))
    for (let i = 0; i < 5; i += 1) await expect(live.ledger.open(liveEntry(freshKey()))).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await live.ledger.reachable()).toBe(false)
    expect(states()).toEqual([false])
    await withAdmin(server, (send) => send('REPLICAOF', 'NO', 'ONE'))
    await until(async () => live.ledger.reachable(), RECOVERS_WITHIN_MS)
    expect(states()).toEqual([false, true])
  })

  it('lets nobody in, charges nothing and stays reachable when the server has no memory left', async () => {
    const known = liveEntry(freshKey())
    await live.ledger.open(known)
    await live.ledger.settle(known, kept)
    const before = await left()
    await withAdmin(server, (send) =>
      send('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction'),
    )
    try {
      expect(await live.ledger.open(liveEntry(freshKey()))).toEqual({ kind: 'full' })
      expect((await live.ledger.open(liveEntry(known.slot?.key ?? ''))).kind).toBe('replay')
      expect(await live.ledger.reachable()).toBe(true)
    } finally {
      await withAdmin(server, (send) => send('CONFIG', 'SET', 'maxmemory', '0'))
    }
    expect(await left()).toBe(before)
  })

  it('refuses verbs after it was closed', async () => {
    await live.ledger.close()
    await expect(live.ledger.open(liveEntry(freshKey()))).rejects.toThrow()
    expect(await live.ledger.reachable()).toBe(false)
  })
})
