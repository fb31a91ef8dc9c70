import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { RunningSandbox } from '../../../src/sandbox/serve.ts'
import { CANARY, config, gatewaySecret, keyOf, secrets, text } from '../../support/fixture.ts'
import { messagesPath, slowRecipient, startSandbox } from '../../support/local-gateway.ts'
import { buildProgram, endProcesses, type Program, type Started } from '../../support/processes.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../../support/redis-server.ts'

const SLOW_MS = 1500
const TIMEOUT_MS = 3000

let program: Program
let sandbox: RunningSandbox
let redis: RedisServer
let folder: string

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Replica {
  readonly process: Started
  readonly url: string
}

/** Starts one gateway process of the group that shares the Redis. */
const start = async (onOutage = 'refuse'): Promise<Replica> => {
  const path = join(folder, `${onOutage}.json`)
  const ledger = { kind: 'redis', url: 'env:REDIS_URL', onOutage }
  const whole = { ...config(sandbox.baseUrl, { timeoutMs: TIMEOUT_MS }), ledger }
  await writeFile(path, JSON.stringify(whole))
  const process = program.start(['serve'], {
    ...secrets,
    REDIS_URL: redis.url.reveal(),
    GATEWAY_CONFIG: path,
    GATEWAY_SECRET: gatewaySecret,
    PORT: '0',
  })
  return { process, url: await process.says(/"what":"listening","detail":"(http:[^"]+)"/) }
}

const post = async ({ url }: Pick<Replica, 'url'>, key?: string, to?: string, tenant = 'billing') => {
  const began = performance.now()
  const response = await fetch(url + messagesPath, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${keyOf(tenant)}`,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify(text(to)),
  })
  const body = await response.text()
  return { status: response.status, body, headers: response.headers, tookMs: performance.now() - began }
}

const isReady = async ({ url }: Replica): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200

describeWithRedis('several gateways on one Redis', () => {
  beforeAll(async () => {
    program = await buildProgram()
    sandbox = await startSandbox(SLOW_MS)
    folder = await mkdtemp(join(tmpdir(), 'gateway-replicas-'))
  }, 60_000)
  beforeEach(async () => {
    redis = await startRedisServer()
  })
  afterEach(async () => {
    expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
    await redis.stop()
    sandbox.reset()
  })
  afterAll(async () => {
    await sandbox.close()
    await program.remove()
    await rm(folder, { recursive: true })
  })

  it('give 500 duplicates over two of them one message and one answer', async () => {
    const replicas = [await start(), await start()]
    const all = await Promise.all(
      Array.from({ length: 500 }, (_, i) => post(replicas[i % 2] as Replica, 'same', slowRecipient)),
    )
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(all.map(({ body }) => body)).size).toBe(1)
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, duplicates: 0 })
  })

  it('admit exactly N of 3N between them', async () => {
    const replicas = [await start(), await start()]
    const all = await Promise.all(
      Array.from({ length: 150 }, (_, i) => post(replicas[i % 2] as Replica, undefined, undefined, 'exact')),
    )
    const sent = all.filter(({ status }) => status === 200).length
    expect(sent).toBeGreaterThanOrEqual(50)
    // The bucket refills by 50 a minute while the requests run.
    expect(sent).toBeLessThanOrEqual(53)
    expect(all.every(({ status }) => status === 200 || status === 429)).toBe(true)
  })

  it('take over the key of one that was killed in flight, and send one message', async () => {
    const [owner, other] = [await start(), await start()]
    const lost = post(owner, 'taken-over', slowRecipient).catch(() => undefined)
    await vi.waitFor(() => expect(sandbox.stats().posts).toBe(1))
    owner.process.signal('SIGKILL')
    await lost
    const answer = await post(other, 'taken-over', slowRecipient)
    expect(answer.status).toBe(200)
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, duplicates: 0 })
    expect((await post(other, 'taken-over', slowRecipient)).body).toBe(answer.body)
  }, 40_000)

  it('lose nothing in a rolling restart under load', async () => {
    let replicas = [await start(), await start()]
    let going = true
    let answered = 0
    /** What a load balancer does: 503 means not sent, so the next one may be asked. */
    const client = async (name: number) => {
      for (let n = 0; going; n += 1) {
        const key = `rolling-${name}-${n}`
        const tries = Array.from({ length: 6 }, (_, i) => replicas[(name + i) % replicas.length] as Replica)
        let done = false
        for (const replica of tries) {
          const seen = await post(replica, key).catch(() => undefined)
          done = seen?.status === 200
          if (done) break
          await sleep(20)
        }
        expect(done, key).toBe(true)
        answered += 1
      }
    }
    const clients = [0, 1, 2, 3, 4, 5].map(client)
    for (let i = 0; i < 2; i += 1) {
      await sleep(300)
      const [old, ...others] = replicas
      replicas = [...others, await start()]
      old?.process.signal('SIGTERM')
      expect(await old?.process.ended).toBe(0)
    }
    await sleep(300)
    going = false
    await Promise.all(clients)
    expect(answered).toBeGreaterThan(50)
    expect(sandbox.stats()).toMatchObject({ messagesSent: answered, duplicates: 0 })
  }, 40_000)

  it('still send one message when Redis forgets everything between send and retry', async () => {
    const replica = await start()
    const first = await post(replica, 'forgotten')
    const client = createClient({ url: redis.url.reveal() })
    await client.connect()
    await client.flushAll()
    await client.close()
    const again = await post(replica, 'forgotten')
    expect(again.status).toBe(200)
    expect(JSON.parse(again.body).data.id).toBe(JSON.parse(first.body).data.id)
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, duplicates: 0 })
  })

  it.each(['frozen', 'gone'])(
    'refuse within 2 s while Redis is %s, and recover by themselves',
    async (how) => {
      const replica = await start()
      expect((await post(replica, 'before')).status).toBe(200)
      const { messagesSent } = sandbox.stats()
      if (how === 'frozen') redis.pause()
      else await redis.stop()
      const keys = ['during', undefined, ...Array.from({ length: 60 }, (_, i) => `during-${i}`)]
      for (const refused of await Promise.all(keys.map((key) => post(replica, key)))) {
        expect(refused.status).toBe(503)
        expect(refused.headers.get('gateway-outcome')).toBe('not_sent')
        expect(refused.tookMs).toBeLessThan(2000)
      }
      expect(await isReady(replica)).toBe(false)
      expect(sandbox.stats().messagesSent).toBe(messagesSent)
      if (how === 'frozen') redis.resume()
      else await redis.restart()
      const back = performance.now()
      await vi.waitFor(async () => expect(await isReady(replica)).toBe(true), { timeout: 5000, interval: 50 })
      expect(performance.now() - back).toBeLessThan(2000)
      expect((await post(replica, 'during')).status).toBe(200)
      // Lines are written many at once, so the last may still be on its way.
      await vi.waitFor(() => {
        const states = replica.process.output().match(/"event":"ledger_state","reachable":\w+/g)
        expect(states?.slice(-2)).toEqual([
          '"event":"ledger_state","reachable":false',
          '"event":"ledger_state","reachable":true',
        ])
      })
    },
  )

  it('let requests without a key go by local limits, if the config says so, and never those with one', async () => {
    const replica = await start('local-limits')
    await redis.stop()
    await vi.waitFor(async () => expect((await post(replica)).status).toBe(200), { timeout: 5000 })
    expect((await post(replica, 'keyed')).status).toBe(503)
  })

  it('start without Redis, and are ready once it is there', async () => {
    await redis.stop()
    const replica = await start()
    expect(await isReady(replica)).toBe(false)
    expect((await post(replica, 'early')).status).toBe(503)
    await redis.restart()
    await vi.waitFor(async () => expect(await isReady(replica)).toBe(true), { timeout: 5000, interval: 50 })
    expect((await post(replica, 'early')).status).toBe(200)
  })
})
