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
  slot: { key, fingerprint: 'v1:print', body: '{}', waitMs: 0 },
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

/** The tables as the first release made them, and how it writes into them: whole rows, without names of columns. */
const firstTables = `
  CREATE TABLE record (
    tenant TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, fingerprint TEXT NOT NULL,
    first_sent_at INTEGER NOT NULL, owner TEXT, lease_ends_at INTEGER, resumed INTEGER,
    counted_day INTEGER, counted_month INTEGER, answer TEXT,
    PRIMARY KEY (tenant, key)) WITHOUT ROWID;
  CREATE INDEX record_by_age ON record (first_sent_at);
  CREATE TABLE tenant_meter (
    tenant TEXT NOT NULL, class TEXT NOT NULL, units INTEGER NOT NULL, at INTEGER NOT NULL,
    day_start INTEGER NOT NULL, day_used INTEGER NOT NULL, month_start INTEGER NOT NULL, month_used INTEGER NOT NULL,
    PRIMARY KEY (tenant, class)) WITHOUT ROWID;
  CREATE TABLE account_meter (
    class TEXT PRIMARY KEY, units INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE lease (
    tenant TEXT NOT NULL, owner TEXT NOT NULL, ends_at INTEGER NOT NULL, counted_day INTEGER, counted_month INTEGER,
    PRIMARY KEY (tenant, owner)) WITHOUT ROWID;
`
const firstWrites = (sql: SqlStorage, now: number): void => {
  const record = (key: string, state: string, ...rest: (string | number | null)[]) =>
    sql.exec(
      'INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      'billing',
      key,
      state,
      '0123',
      now - 1000,
      ...rest,
    )
  record('kept', 'settled', null, null, null, null, null, JSON.stringify(kept.answer))
  record('open', 'unknown', null, null, null, null, null, null)
  record('flying', 'in_flight', 'owner', now + 30_000, 0, null, null, null)
  sql.exec("INSERT OR REPLACE INTO account_meter VALUES ('write', 1200000, ?)", now)
  sql.exec("INSERT OR REPLACE INTO tenant_meter VALUES ('billing', 'write', 600000, ?, 0, 0, 0, 0)", now)
  sql.exec("INSERT OR REPLACE INTO lease VALUES ('billing', 'owner', ?, NULL, NULL)", now + 30_000)
}

describe('the Durable Object ledger over the releases', () => {
  /** An object whose storage `prepare` has made, opened anew. */
  const reopened = async (prepare: (sql: SqlStorage, now: number) => void) => {
    const made = await make()
    await runInDurableObject(made.stub('acme'), (_, state) => {
      prepare(state.storage.sql, made.clock.now())
    })
    await abortAllDurableObjects()
    return made
  }
  const dropAll = (sql: SqlStorage) => {
    const tables = ['record', 'tenant_meter', 'account_meter', 'lease', 'share_meter', 'contention']
    for (const table of tables) sql.exec(`DROP TABLE IF EXISTS ${table}`)
  }
  const shared = {
    class: 'write',
    tenantPerMinute: 60,
    accountPerMinute: 60,
    maxConcurrent: 9,
    share: { weight: 1, of: 2 },
  } as const

  it('goes on with an object of the first release', async () => {
    const { ledger } = await reopened((sql, now) => {
      dropAll(sql)
      sql.exec(firstTables)
      firstWrites(sql, now)
    })
    expect(await ledger.open(entry('kept'))).toMatchObject({ kind: 'replay', answer: kept.answer })
    expect((await ledger.open(entry('flying'))).kind).toBe('in_flight')
    const body = '{"n":1}'
    const slot = { key: 'open', fingerprint: 'v1:0123', body, waitMs: 0 }
    const first = entry('open', { slot, charge: shared })
    const opened = await ledger.open(first)
    // It kept no body: the caller's goes out, and is kept from now on.
    expect(opened).toEqual({ kind: 'go', resumed: true, standings: expect.anything() })
    expect('standings' in opened && opened.standings.bucket.remaining).toBe(9)
    await ledger.settle(first, { ...kept, settlement: 'unknown' })
    const again = entry('open', { slot: { ...slot, body: '{"n":2}' }, charge: shared })
    expect(await ledger.open(again)).toMatchObject({ kind: 'go', resumed: true, body })
  })

  it('lets the first release go on with an object of this one, after a rollback', async () => {
    const { ledger, stub } = await make()
    for (const key of ['kept', 'open']) {
      const one = entry(key, { charge: shared })
      await ledger.open(one)
      await ledger.settle(one, { ...kept, settlement: key === 'kept' ? 'keep' : 'unknown' })
    }
    await runInDurableObject(stub('acme'), (_, state) => {
      const { sql } = state.storage
      const row = [...sql.exec("SELECT state, answer FROM record WHERE key = 'kept'")][0]
      expect(row).toEqual({ state: 'settled', answer: JSON.stringify(kept.answer) })
      sql.exec(
        firstTables
          .replaceAll('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')
          .replace('INDEX', 'INDEX IF NOT EXISTS'),
      )
      firstWrites(sql, Date.UTC(2050, 0, 15, 12))
    })
    // And this release with what that one has written.
    expect((await ledger.open(entry('kept'))).kind).toBe('replay')
    expect(await ledger.open(entry('open'))).toMatchObject({ kind: 'go', resumed: true })
  })

  it('keeps the body of a request only while its outcome is open', async () => {
    const { ledger, stub } = await make()
    const held = () =>
      runInDurableObject(stub('acme'), (_, state) => {
        return [...state.storage.sql.exec("SELECT answer FROM record WHERE answer LIKE '%SEEN%'")].length
      })
    const one = entry('a', {
      slot: { key: 'a', fingerprint: 'v1:print', body: '{"text":"SEEN"}', waitMs: 0 },
    })
    await ledger.open(one)
    expect(await held()).toBe(1)
    await abortAllDurableObjects()
    await ledger.settle(one, kept)
    expect(await held()).toBe(0)
  })

  it('keeps shares and contention when the object is evicted', async () => {
    const { ledger, clock } = await make()
    const charge = { ...shared, accountPerMinute: 4, tenantPerMinute: 100 }
    const { slot: _, ...unkeyed } = entry('none', { charge })
    const ask = (tenant: string) => ledger.open({ ...unkeyed, tenant, owner: `o${++owners}` })
    for (let i = 0; i < 4; i += 1) expect((await ask('greedy')).kind).toBe('go')
    expect((await ask('polite')).kind).toBe('refused')
    await abortAllDurableObjects()
    clock.step(15_000)
    expect((await ask('greedy')).kind, 'half a token of its share is back').toBe('refused')
    expect((await ask('polite')).kind).toBe('go')
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
