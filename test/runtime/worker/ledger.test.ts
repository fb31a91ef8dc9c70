import {
  abortAllDurableObjects,
  env,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import { RETENTION_MS } from '../../../src/domain/ledger-rules.ts'
import { createRemoteLedger, type RemoteLedger } from '../../../src/ledger/remote.ts'
import type { LedgerEntry } from '../../../src/ports.ts'
import { comparedSteps } from '../../suites/differential.ts'
import { ledgerContract, ledgerLaws } from '../../suites/ledger.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { type TestLedger, useTimeOf } from './support/test-worker.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      LEDGER: DurableObjectNamespace<TestLedger>
    }
  }
}

let harnesses = 0

const make = async () => {
  // Far ahead, so that alarms fire only when a test runs them.
  const clock = createFakeClock(Date.UTC(2050, 0, 15, 12))
  useTimeOf(clock)
  // Each harness has objects of its own.
  const prefix = `${++harnesses} `
  const stub = (account: string) => env.LEDGER.get(env.LEDGER.idFromName(prefix + account))
  const ledger = createRemoteLedger(
    (account): RemoteLedger => stub(account),
    () => 'acme',
  )
  /** Lets calls that are on their way arrive: later ones do not overtake them. */
  const arrived = async () => {
    for (let i = 0; i < 3; i += 1) await stub('acme').reachable()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const advance = async (ms: number) => {
    await arrived()
    await clock.advance(ms)
    await arrived()
  }
  return { ledger, stub, clock, now: clock.now, advance, close: async () => {} }
}

afterEach(() => reset())

ledgerContract('the Durable Object ledger', make)
describe('laws', () => ledgerLaws('the Durable Object ledger', make, 10))

let owners = 0
const entry = (key: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  account: 'acme',
  tenant: 'billing',
  owner: `o${++owners}`,
  leaseMs: 40_000,
  charge: {
    class: 'write',
    tenantPerMinute: 60,
    accountPerMinute: 60,
    maxConcurrent: 100,
    message: { perDay: 9 },
  },
  slot: { key, fingerprint: 'print', body: '{}', waitMs: 0 },
  ...more,
})
const kept = { settlement: 'keep', answer: { status: 200, body: '{"data":{}}' }, giveBack: false } as const

describe('the Durable Object ledger outlives its object', () => {
  it('keeps answers, charges and leases when the object is evicted between open and settle', async () => {
    const { ledger } = await make()
    const first = entry('a')
    await ledger.open(first)
    await abortAllDurableObjects()
    expect((await ledger.open(entry('a'))).kind).toBe('in_flight')
    expect(await ledger.settle(first, kept)).toBe(true)
    await abortAllDurableObjects()
    expect(await ledger.open(entry('a'))).toMatchObject({ kind: 'replay', answer: kept.answer })
    expect(await ledger.standings(entry('a'))).toMatchObject({
      bucket: { remaining: 59 },
      day: { remaining: 8 },
    })
  })

  it('opens again for an owner whose call broke off, and charges it once', async () => {
    const { ledger } = await make()
    const first = entry('a')
    await ledger.open(first)
    await abortAllDurableObjects()
    expect((await ledger.open(first)).kind).toBe('go')
    expect((await ledger.standings(first)).bucket.remaining).toBe(59)
  })
})

describe('the Durable Object ledger cleans up', () => {
  it('removes expired rows by alarm in batches, and keeps the others', async () => {
    const { ledger, stub, clock } = await make()
    const many = 1200
    const charge = {
      class: 'write',
      tenantPerMinute: 10_000,
      accountPerMinute: 10_000,
      maxConcurrent: 10_000,
    } as const
    for (let i = 0; i < many; i += 1) await ledger.open(entry(`k${i}`, { charge }))
    clock.step(RETENTION_MS / 2)
    await ledger.open(entry('young', { charge }))
    clock.step(RETENTION_MS / 2)
    const count = (table: string) =>
      runInDurableObject(stub('acme'), (_, state) => {
        return [...state.storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)][0]?.n
      })
    expect(await count('record')).toBe(many + 1)
    const seen = []
    for (let batch = 0; batch < 3; batch += 1) {
      expect(await runDurableObjectAlarm(stub('acme'))).toBe(true)
      seen.push(await count('record'))
    }
    expect(seen).toEqual([701, 201, 1])
    expect(await count('lease')).toBe(0)
    // The one that is left has an alarm of its own.
    expect(await runDurableObjectAlarm(stub('acme'))).toBe(true)
    expect(await count('record')).toBe(1)
  })
})

describe('the Durable Object ledger against the memory ledger', () => {
  it('gives the same answers in every field, whatever has happened before', async () => {
    const { ledger } = await make()
    const steps = await comparedSteps({ ledger, useTimeOf }, 300, 10_000)
    expect(steps).toBeGreaterThan(200)
  }, 60_000)
})
