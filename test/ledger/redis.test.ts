import { afterAll, beforeAll, describe } from 'vitest'
import { ledgerContract, ledgerLaws } from '../suites/ledger.ts'
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { makeHarness } from './redis-harness.ts'

describeWithRedis('the Redis ledger', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())

  const make = () => makeHarness(server)

  ledgerContract('the Redis ledger', make)
  describe('laws', () => ledgerLaws('the Redis ledger', make, 10))
})
