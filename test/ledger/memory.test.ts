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
const entry = (key: string, body = '{}'): LedgerEntry => ({
  account: 'acme',
  tenant: 'billing',
  owner: `o${++owners}`,
  leaseMs: 40_000,
  charge: { class: 'write', tenantPerMinute: 6000, accountPerMinute: 6000, maxConcurrent: 100 },
  slot: { key, fingerprint: 'v1:print', body, waitMs: 0 },
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

  it('refuses new keys once the bodies of open records take too much room, and never drops one', async () => {
    const { ledger } = make({ maxLiveBytes: 10_000 })
    const large = 'x'.repeat(2000)
    const taken = ['a', 'b', 'c'].map((key) => entry(key, large))
    for (const one of taken) expect((await ledger.open(one)).kind).toBe('go')
    expect((await ledger.open(entry('d', '{}'))).kind).toBe('full')
    const [first] = taken
    if (first === undefined) return
    await ledger.settle(first, { settlement: 'unknown', answer, giveBack: false })
    expect((await ledger.open(entry('d', '{}'))).kind, 'an unknown outcome keeps its body').toBe('full')
    const again = entry('a', '{}')
    expect(await ledger.open(again)).toMatchObject({ kind: 'go', resumed: true, body: large })
    await ledger.settle(again, { settlement: 'keep', answer, giveBack: false })
    expect((await ledger.open(entry('d', '{}'))).kind).toBe('go')
  })

  it('has room again for as many bodies as before, whatever became of them', async () => {
    const { ledger, clock } = make({ maxLiveBytes: 10_000 })
    const large = 'x'.repeat(4999)
    const becomes = [
      { settlement: 'keep', answer, giveBack: false },
      { settlement: 'release', answer, giveBack: true },
      { settlement: 'unknown', answer, giveBack: false },
      undefined,
    ] as const
    for (let turn = 0; turn < 12; turn += 1) {
      const one = entry(`k${turn % 5}`, large)
      expect((await ledger.open(one)).kind, `turn ${turn}`).toBe('go')
      expect((await ledger.open(entry('small', '{}'))).kind).toBe('go')
      expect((await ledger.open(entry('none', large))).kind).toBe('full')
      const outcome = becomes[turn % becomes.length]
      if (outcome) await ledger.settle(one, outcome)
      await clock.advance(25 * 60 * 60 * 1000)
    }
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
