import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import { ledgerContract } from '../suites/ledger.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { liveEntry, makeHarness, makeLive, timed, until, withAdmin } from './redis-harness.ts'

/** One node that serves all slots: enough to see that every call stays in one slot and messages in one shard. */
describeWithRedis('the Redis ledger on a cluster', () => {
  let server: RedisServer
  let url: Secret
  let directory: string

  const takeSlots = () =>
    withAdmin(server, async (send) => {
      await send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await until(async () => String(await send('CLUSTER', 'INFO')).includes('cluster_state:ok'), 5000)
    })

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'))
    server = await startRedisServer([
      '--cluster-enabled',
      'yes',
      '--dir',
      directory,
      '--cluster-announce-ip',
      '127.0.0.1',
    ])
    await takeSlots()
    url = new Secret(`redis+cluster://127.0.0.1:${server.port}`)
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true })
  })

  ledgerContract('the ledger on a cluster', () => makeHarness({ url }))

  describe('by the real clocks', () => {
    it('wakes waiters of another gateway promptly', async () => {
      const [one, other] = [await makeLive({ url }), await makeLive({ url })]
      const owner = liveEntry('woken')
      await one.ledger.open(owner)
      const waiting = other.ledger.open(liveEntry('woken', {}, 5000))
      await new Promise((resolve) => setTimeout(resolve, 300))
      const answer = { status: 502, body: '{}' }
      await one.ledger.settle(owner, { settlement: 'unknown', answer, giveBack: false })
      const answered = await timed(waiting)
      expect(answered).toMatchObject({ value: { kind: 'replay', answer } })
      expect(answered.ms).toBeLessThan(200)
      await one.ledger.close()
      await other.ledger.close()
    })

    it('fails in time while the node stands still, and comes back by itself', async () => {
      const { ledger, telemetry } = await makeLive({ url }, { commandTimeoutMs: 700 })
      await ledger.open(liveEntry('before'))
      server.pause()
      const failed = await timed(ledger.open(liveEntry('hung'))).finally(() => server.resume())
      expect(failed.status).toBe('rejected')
      expect(failed.ms).toBeLessThan(1000)
      await until(async () => ledger.reachable(), 2000)
      expect(await ledger.open(liveEntry('hung', {}, 5000))).toMatchObject({ kind: 'go', resumed: false })
      expect(telemetry.of('ledger_state').map(({ reachable }) => reachable)).toEqual([false, true])
      await ledger.close()
    })

    it('is out of reach while the cluster serves nobody', async () => {
      const { ledger, telemetry } = await makeLive({ url })
      await withAdmin(server, (send) => send('CLUSTER', 'DELSLOTSRANGE', '0', '10'))
      await expect(ledger.open(liveEntry('down'))).rejects.toThrow()
      await new Promise((resolve) => setTimeout(resolve, 1200))
      expect(await ledger.reachable()).toBe(false)
      expect(telemetry.of('ledger_state')).toHaveLength(1)
      await withAdmin(server, (send) => send('CLUSTER', 'ADDSLOTSRANGE', '0', '10'))
      await until(async () => ledger.reachable(), 5000)
      expect((await ledger.open(liveEntry('up'))).kind).toBe('go')
      await ledger.close()
    })

    it('starts while the cluster is down', async () => {
      await server.stop()
      const { ledger } = await makeLive({ url })
      expect(await ledger.reachable()).toBe(false)
      await server.restart()
      await until(async () => ledger.reachable(), 5000)
      await ledger.close()
    })
  })
})
