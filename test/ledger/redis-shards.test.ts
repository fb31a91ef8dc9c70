import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { liveEntry, makeLive, timed, until, withAdmin } from './redis-harness.ts'

const HALF = 8192

describeWithRedis('the Redis ledger on a cluster of two shards', () => {
  const servers: RedisServer[] = []
  const directories: string[] = []
  let url: Secret

  const startNode = async (from: number, to: number): Promise<RedisServer> => {
    const directory = await mkdtemp(join(tmpdir(), 'redis-shard-'))
    directories.push(directory)
    const node = await startRedisServer([
      ...['--cluster-enabled', 'yes', '--dir', directory, '--cluster-announce-ip', '127.0.0.1'],
      // A node that stands still is not given up: what the other one serves must not depend on that.
      ...['--cluster-node-timeout', '60000', '--cluster-require-full-coverage', 'no'],
    ])
    servers.push(node)
    await withAdmin(node, (send) => send('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to)))
    return node
  }

  beforeAll(async () => {
    const first = await startNode(0, HALF - 1)
    const second = await startNode(HALF, 2 * HALF - 1)
    await withAdmin(first, (send) => send('CLUSTER', 'MEET', '127.0.0.1', String(second.port)))
    for (const node of servers) {
      await until(
        () =>
          withAdmin(node, async (send) =>
            /cluster_state:ok[\s\S]*cluster_slots_ok:16384/.test(String(await send('CLUSTER', 'INFO'))),
          ),
        10_000,
      )
    }
    url = new Secret(servers.map(({ port }) => `redis://127.0.0.1:${port}`).join(','))
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
    for (const directory of directories) await rm(directory, { recursive: true })
  })

  /** An account whose keys are in the first or the second half of the slots. */
  const accountIn = (half: 0 | 1) =>
    withAdmin(servers[0] ?? { url }, async (send) => {
      for (let i = 0; ; i += 1) {
        const slot = Number(await send('CLUSTER', 'KEYSLOT', `account-${i}`))
        if (Math.floor(slot / HALF) === half) return `account-${i}`
      }
    })

  it('lets the accounts of one shard go on while the other stands still', async () => {
    const { ledger, telemetry } = await makeLive({ url }, { commandTimeoutMs: 700 })
    const [well, ill] = [await accountIn(0), await accountIn(1)]
    const charge = { ...liveEntry('x').charge, maxConcurrent: 10_000 }
    const open = (account: string, key: string) => timed(ledger.open(liveEntry(key, { account, charge })))
    expect(await open(well, 'a')).toMatchObject({ value: { kind: 'go' } })
    expect(await open(ill, 'a')).toMatchObject({ value: { kind: 'go' } })

    servers[1]?.pause()
    const began = performance.now()
    let slowest = 0
    const hanging: ReturnType<typeof open>[] = []
    try {
      for (let turn = 0; performance.now() - began < 2500; turn += 1) {
        const hung = turn % 20 === 0 ? open(ill, `hung-${turn}`) : undefined
        const fine = await open(well, `fine-${turn}`)
        expect(fine).toMatchObject({ value: { kind: 'go' } })
        slowest = Math.max(slowest, fine.ms)
        if (hung !== undefined) hanging.push(hung)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(await ledger.reachable()).toBe(false)
      for (const { status, ms } of await Promise.all(hanging)) {
        expect(status).toBe('rejected')
        expect(ms).toBeLessThan(2000)
      }
    } finally {
      servers[1]?.resume()
    }
    expect(slowest).toBeLessThan(1000)
    await until(async () => ledger.reachable(), 3500)
    expect(await open(ill, 'b')).toMatchObject({ value: { kind: 'go' } })
    expect(telemetry.of('ledger_state').map(({ reachable }) => reachable)).toEqual([false, true])
    await ledger.close()
  })
})
