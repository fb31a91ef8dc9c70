import { describe, expect, it } from 'vitest'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import { withLocalLimits } from '../../src/ledger/outage.ts'
import type { Ledger, LedgerEntry } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'

let owners = 0
const entry = (key?: string): LedgerEntry => ({
  account: 'acme',
  tenant: 'billing',
  owner: `o${++owners}`,
  leaseMs: 40_000,
  charge: { class: 'write', tenantPerMinute: 2, accountPerMinute: 100, maxConcurrent: 10 },
  ...(key !== undefined && { slot: { key, fingerprint: 'print', body: '{}', waitMs: 0 } }),
})
const sent = { settlement: 'keep', answer: { status: 200, body: '{}' }, giveBack: false } as const

/** A shared ledger that can be taken away. */
function rig() {
  const clock = createFakeClock()
  const make = () => createMemoryLedger({ clock, telemetry: createRecorder(), maxSettled: 100 })
  const real = make()
  let down = false
  const reach = <T>(value: () => T): T | Promise<never> =>
    down ? Promise.reject(new Error('out of reach')) : value()
  const shared: Ledger = {
    open: (one) => reach(() => real.open(one)),
    settle: (one, outcome) => reach(() => real.settle(one, outcome)),
    standings: (one) => reach(() => real.standings(one)),
    reachable: () => !down,
  }
  const ledger = withLocalLimits(shared, make())
  const take = (away: boolean) => {
    down = away
  }
  return { ledger, take }
}

describe('local limits', () => {
  it('are not asked while the shared ledger answers', async () => {
    const { ledger, take } = rig()
    for (let i = 0; i < 2; i += 1) expect((await ledger.open(entry())).kind).toBe('go')
    expect((await ledger.open(entry())).kind).toBe('refused')
    take(true)
    expect((await ledger.open(entry())).kind).toBe('go')
  })

  it('hold requests without a key to the tenant’s limits while it is away', async () => {
    const { ledger, take } = rig()
    take(true)
    for (let i = 0; i < 2; i += 1) expect((await ledger.open(entry())).kind).toBe('go')
    expect((await ledger.open(entry())).kind).toBe('refused')
  })

  it('never let a request with a key go', async () => {
    const { ledger, take } = rig()
    take(true)
    await expect(ledger.open(entry('k'))).rejects.toThrow('out of reach')
  })

  it('settle what they let go, also when the shared ledger is back', async () => {
    const { ledger, take } = rig()
    take(true)
    const one = entry()
    await ledger.open(one)
    take(false)
    expect(await ledger.settle(one, sent)).toBe(true)
    const other = entry()
    await ledger.open(other)
    expect(await ledger.settle(other, sent)).toBe(true)
  })

  it('do not hide that the shared ledger is away', async () => {
    const { ledger, take } = rig()
    take(true)
    expect(await ledger.reachable()).toBe(false)
    await expect(ledger.standings(entry())).rejects.toThrow('out of reach')
  })
})
