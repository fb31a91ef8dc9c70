import { describe, expect, it } from 'vitest'
import { createMemoryLedger, type MemoryLedgerOptions } from '../../src/ledger/memory.ts'
import type { LedgerEntry } from '../../src/ports.ts'
import { ledgerContract, ledgerLaws } from '../suites/ledger.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'

const make = (options: Partial<MemoryLedgerOptions> = {}) => {
  const clock = createFakeClock()
  const telemetry = createRecorder()
  const ledger = createMemoryLedger({ clock, telemetry, ...options })
  return { ledger, clock, telemetry, now: clock.now, advance: clock.advance, close: async () => {} }
}

ledgerContract('the memory ledger', async () => make({ maxSettled: 1000 }))
describe('laws', () => ledgerLaws('the memory ledger', async () => make({ maxSettled: 1000 }), 300))

let owners = 0
const entry = (key: string): LedgerEntry => ({
  account: 'acme',
  tenant: 'billing',
  owner: `o${++owners}`,
  leaseMs: 40_000,
  charge: { class: 'write', tenantPerMinute: 6000, accountPerMinute: 6000, maxConcurrent: 100 },
  slot: { key, fingerprint: 'print', body: '{}', waitMs: 0 },
})
const answer = { status: 200, body: '{"data":{}}' }

describe('the memory ledger is bounded', () => {
  it('evicts the least recently used kept answers past its count, and counts them', async () => {
    const { ledger, telemetry } = make({ maxSettled: 2 })
    for (const key of ['a', 'b', 'c']) {
      const one = entry(key)
      await ledger.open(one)
      await ledger.settle(one, { settlement: 'keep', answer, giveBack: false })
    }
    expect((await ledger.open(entry('c'))).kind).toBe('replay')
    expect(await ledger.open(entry('a'))).toMatchObject({ kind: 'go', resumed: false })
    expect(telemetry.of('ledger_evicted')).toHaveLength(1)
  })

  it('evicts kept answers past its bytes', async () => {
    const { ledger, telemetry } = make({ maxSettled: 1000, maxSettledBytes: 10_000 })
    for (let i = 0; i < 10; i += 1) {
      const one = entry(`k${i}`)
      await ledger.open(one)
      const large = { status: 200, body: 'x'.repeat(2000) }
      await ledger.settle(one, { settlement: 'keep', answer: large, giveBack: false })
    }
    expect((await ledger.open(entry('k9'))).kind).toBe('replay')
    expect(telemetry.of('ledger_evicted').length).toBeGreaterThanOrEqual(5)
  })

  it('does not report an answer that had expired as evicted', async () => {
    const { ledger, telemetry, clock } = make({ maxSettled: 1 })
    for (const key of ['a', 'b']) {
      const one = entry(key)
      await ledger.open(one)
      await ledger.settle(one, { settlement: 'keep', answer, giveBack: false })
      await clock.advance(24 * 60 * 60 * 1000)
    }
    expect(telemetry.of('ledger_evicted')).toHaveLength(0)
  })

  it('never evicts a record in flight or of unknown outcome: past the cap new keys are refused', async () => {
    const { ledger } = make({ maxLive: 2 })
    const first = entry('a')
    await ledger.open(first)
    await ledger.settle(first, { settlement: 'unknown', answer, giveBack: false })
    await ledger.open(entry('b'))
    expect((await ledger.open(entry('c'))).kind).toBe('full')
    expect((await ledger.open(entry('b'))).kind).toBe('in_flight')
    expect(await ledger.open(entry('a'))).toMatchObject({ kind: 'go', resumed: true })
  })

  it('charges nothing when it is full', async () => {
    const { ledger } = make({ maxLive: 1 })
    await ledger.open(entry('a'))
    const before = await ledger.standings(entry('x'))
    await ledger.open(entry('b'))
    expect(await ledger.standings(entry('x'))).toEqual(before)
  })

  it('makes room when unknown outcomes have expired', async () => {
    const { ledger, clock } = make({ maxLive: 1 })
    const first = entry('a')
    await ledger.open(first)
    await ledger.settle(first, { settlement: 'unknown', answer, giveBack: false })
    await clock.advance(24 * 60 * 60 * 1000)
    expect((await ledger.open(entry('b'))).kind).toBe('go')
  })
})
