import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { LedgerEntry } from '../../src/ports.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { empty, type LiveRedisLedger, liveEntry, makeLive, withAdmin } from './redis-harness.ts'

const TOKEN = 60_000
const answer = { status: 200, body: '{"data":{}}' }
const kept = { settlement: 'keep', answer, giveBack: false } as const
const unknown = { ...kept, settlement: 'unknown' } as const

/** Values as releases have left them that kept no bodies and knew no shares. */
describeWithRedis('the Redis ledger after an upgrade', () => {
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

  /** Sets `key` to the list that `lua` gives, packed. */
  const put = (key: string, lua: string) =>
    withAdmin(server, (send) =>
      send('EVAL', `redis.call('SET', KEYS[1], cmsgpack.pack({ ${lua} }), 'PX', 3600000)`, '1', key),
    )
  const record = (lua: string) => put('kg:{acme}:r:billing k', lua)
  /** A request with the print of this release. */
  const newer = (body = '{"n":2}', waitMs = 0, more: Partial<LedgerEntry> = {}) =>
    liveEntry('k', { slot: { key: 'k', fingerprint: 'v1:0123', body, waitMs }, ...more })
  const older = (fingerprint: string) =>
    liveEntry('k', { slot: { key: 'k', fingerprint, body: '{}', waitMs: 0 } })

  it('replays a kept answer, whatever the print of the request', async () => {
    await record(`'s', ${Date.now() - 1000}, '0123', '[200]\\n{"data":{}}'`)
    expect(await live.ledger.open(newer())).toMatchObject({ kind: 'replay', answer })
    expect(await live.ledger.open(older('4567'))).toMatchObject({ kind: 'mismatch' })
  })

  it('resumes an unknown outcome that has no body with the caller’s, and keeps that from then on', async () => {
    await record(`'u', ${Date.now() - 1000}, '0123', 0`)
    expect(await live.ledger.open(older('4567'))).toMatchObject({ kind: 'mismatch' })
    const first = newer()
    const opened = await live.ledger.open(first)
    expect(opened).toMatchObject({ kind: 'go', resumed: true })
    expect(opened).toMatchObject({ body: undefined })
    expect(await live.ledger.settle(first, unknown)).toBe(true)
    expect(await live.ledger.open(newer('{"n":3}'))).toMatchObject({
      kind: 'go',
      resumed: true,
      body: '{"n":2}',
    })
  })

  it('waits for a request in flight that has no body, and lets its owner settle it', async () => {
    const owner = older('0123')
    const now = Date.now()
    await record(`'i', ${now}, '0123', '${owner.owner}', ${now + 30_000}, 0, 0, 0`)
    expect(await live.ledger.open(newer())).toMatchObject({ kind: 'in_flight' })
    const waiting = live.ledger.open(newer('{}', 5000))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await live.ledger.settle(owner, kept)).toBe(true)
    expect(await waiting).toMatchObject({ kind: 'replay', answer })
  })

  it('takes over a request without a body whose owner has crashed', async () => {
    const now = Date.now()
    await record(`'i', ${now - 90_000}, '0123', 'gone', ${now - 1}, 1, ${now - 90_000}, 1`)
    const opened = await live.ledger.open(newer())
    expect(opened).toMatchObject({ kind: 'go', resumed: true })
    expect(opened).toMatchObject({ body: undefined })
  })

  it('goes on with meters that know no shares: buckets and messages count on, the share is full', async () => {
    const now = Date.now()
    const day = now - (now % 86_400_000)
    await put('kg:{acme}:t:billing', `0, 0, ${5 * TOKEN}, ${now}, ${day}, 7, 0, 0`)
    await put('kg:{acme}:b:read', `${3 * TOKEN - 1}, ${now}`)
    const charge = {
      class: 'read',
      tenantPerMinute: 60,
      accountPerMinute: 60,
      maxConcurrent: 9,
      share: { weight: 1, of: 2 },
    } as const
    const { slot: _, ...asked } = liveEntry('k', { charge })
    expect(await live.ledger.open(asked)).toMatchObject({ kind: 'go' })
    const write = liveEntry('k')
    expect((await live.ledger.standings(write)).day?.remaining).toBe(993)
    const packed = `return cmsgpack.unpack(redis.call('GET', KEYS[1]))`
    const row = await withAdmin(server, (send) => send('EVAL', packed, '1', 'kg:{acme}:t:billing'))
    const [, , , , , messages, , , writeShare, writeShareAt, readShare] = row as number[]
    // No write share was ever asked for; of the read share one of 7.5 tokens is spent.
    expect([messages, writeShare, writeShareAt]).toEqual([7, 0, 0])
    expect(readShare).toBe(6.5 * TOKEN * 2)
  })
})
