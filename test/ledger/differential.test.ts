import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { periodStart } from '../../src/domain/limits.ts'
import { luaRules } from '../../src/ledger/redis/lua-rules.ts'
import { createRedisLedger, type RedisLedger } from '../../src/ledger/redis.ts'
import type { Clock } from '../../src/ports.ts'
import { systemClock } from '../../src/system/clock.ts'
import { comparedSteps } from '../suites/differential.ts'
import { createRecorder } from '../support/recorder.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { withAdmin } from './redis-harness.ts'

const DAY_MS = 86_400_000

describeWithRedis('the Redis ledger against the memory ledger', () => {
  let server: RedisServer
  let redis: RedisLedger
  let time: Pick<Clock, 'now'> = systemClock

  beforeAll(async () => {
    server = await startRedisServer()
    redis = await createRedisLedger({
      url: server.url,
      clock: systemClock,
      telemetry: createRecorder(),
      serverNow: () => time.now(),
    })
  })
  afterAll(async () => {
    await redis.close()
    await server.stop()
  })

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
    const rival = {
      ledger: redis,
      useTimeOf: (other: Pick<Clock, 'now'>) => {
        time = other
      },
    }
    const steps = await comparedSteps(rival, 2000, 25_000)
    process.stdout.write(`Redis against memory: ${steps} steps compared\n`)
    expect(steps).toBeGreaterThan(5000)
  }, 60_000)
})
