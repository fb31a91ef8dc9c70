import { once } from 'node:events'
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import { systemClock } from '../../src/system/clock.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { type LiveRedisLedger, liveEntry, makeLive, timed, until } from './redis-harness.ts'

const COMMAND_TIMEOUT_MS = 500

/** A bad network on the way to `port`, switched by its fields. */
async function badNetwork(port: number) {
  const switches = { dropsReplies: false, holdsRequests: false }
  const held: (() => void)[] = []
  const sockets: Socket[] = []
  const server: Server = createServer((near) => {
    const far = openSocket(port, '127.0.0.1')
    sockets.push(near, far)
    near.on('data', (data) => {
      const pass = () => void far.write(data)
      if (switches.holdsRequests) held.push(pass)
      else pass()
    })
    far.on('data', (data) => {
      if (!switches.dropsReplies && !near.destroyed) near.write(data)
    })
    // What is held must come through even when the one who sent it is gone.
    near.on('error', () => {})
    far.on('error', () => near.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: new Secret(`redis://127.0.0.1:${address.port}`),
    switches,
    release: () => {
      for (const pass of held.splice(0)) pass()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describeWithRedis('the Redis ledger on a bad network', () => {
  let server: RedisServer
  let network: Awaited<ReturnType<typeof badNetwork>>
  let far: LiveRedisLedger
  let direct: LiveRedisLedger
  let keys = 0
  const freshKey = () => `key-${++keys}`

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    network = await badNetwork(server.port)
    far = await makeLive(network, { commandTimeoutMs: COMMAND_TIMEOUT_MS })
    direct = await makeLive(server)
    await far.ledger.open(liveEntry(freshKey()))
  })
  afterEach(async () => {
    await far.ledger.close()
    await direct.ledger.close()
    network.close()
  })

  const left = async () => (await direct.ledger.standings(liveEntry('x'))).day?.remaining

  it('takes a claim back whose answer was lost, since its caller was told that nothing was sent', async () => {
    const before = await left()
    const key = freshKey()
    network.switches.dropsReplies = true
    const lost = await timed(far.ledger.open(liveEntry(key)))
    expect(lost.status).toBe('rejected')
    expect(lost.ms).toBeLessThan(COMMAND_TIMEOUT_MS + 300)
    expect((await direct.ledger.open(liveEntry(key))).kind).toBe('in_flight')
    // The caller tries again, at another gateway: it waits for an owner that will never answer.
    const again = direct.ledger.open(liveEntry(key, {}, 8000))
    await new Promise((resolve) => setTimeout(resolve, 100))
    network.switches.dropsReplies = false
    const taken = await timed(again)
    expect(taken).toMatchObject({ value: { kind: 'go', resumed: false } })
    expect(taken.ms).toBeLessThan(4000)
    expect(await left()).toBe((before ?? 0) - 1)
  })

  it('does nothing for a call that comes through after it was given up', async () => {
    const before = await left()
    const key = freshKey()
    network.switches.holdsRequests = true
    const given = await timed(far.ledger.open(liveEntry(key)))
    expect(given.status).toBe('rejected')
    network.switches.holdsRequests = false
    await until(async () => far.ledger.reachable(), 2000)
    // Until what is done to take the claim back is over: it has found none.
    await new Promise((resolve) => setTimeout(resolve, 500))
    network.release()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await left()).toBe(before)
    expect(await direct.ledger.open(liveEntry(key))).toMatchObject({ kind: 'go', resumed: false })
  })

  it('is not taken in by a clock that jumps', async () => {
    let jumped = 0
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + jumped }
    const { ledger, telemetry } = await makeLive(server, { clock })
    const before = await left()
    for (const jump of [-60_000, 120_000, -3000]) {
      await ledger.open(liveEntry(freshKey()))
      jumped += jump
      expect((await ledger.open(liveEntry(freshKey()))).kind).toBe('go')
    }
    expect(await left()).toBe((before ?? 0) - 6)
    expect(telemetry.events).toEqual([])
    await ledger.close()
  })
})
