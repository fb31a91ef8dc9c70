import { LRUCache } from 'lru-cache'
import type { Counted, FreshMeters, InFlight, Settled, SlotRecord, Unknown } from '../domain/ledger-rules.ts'
import {
  charged,
  claim,
  hasExpired,
  meaning,
  refresh,
  refunded,
  refusal,
  returnsMessage,
  settled,
  standingsOf,
} from '../domain/ledger-rules.ts'
import type { Bucket, Charge, RateClass, Window } from '../domain/limits.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { Clock, Ledger, LedgerEntry, Opened, Telemetry } from '../ports.ts'
import { createWaiters } from './waiters.ts'

export interface MemoryLedgerOptions {
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Kept answers; the least recently used go first. Losing one is safe: the derived key still dedupes upstream. */
  readonly maxSettled?: number
  readonly maxSettledBytes?: number
  /** Records in flight or of unknown outcome. These are never evicted: past the cap new keys are refused. */
  readonly maxLive?: number
}

/** What a record costs beyond its strings, in bytes: objects, map and list entries (measured, rounded up). */
const RECORD_OVERHEAD_BYTES = 400

interface Lease {
  readonly endsAt: EpochMs
  readonly counted: Counted | undefined
}

interface TenantState {
  readonly buckets: Partial<Record<RateClass, Bucket>>
  day: Window | undefined
  month: Window | undefined
  readonly leases: Map<string, Lease>
}

type AccountState = Partial<Record<RateClass, Bucket>>

/** The ledger of one process: nothing survives a restart but what the upstream itself remembers. */
export function createMemoryLedger(options: MemoryLedgerOptions): Ledger {
  const { clock, telemetry, maxSettled = 250_000, maxSettledBytes = 2 ** 28, maxLive = 100_000 } = options
  const live = new Map<string, InFlight | Unknown>()
  const kept = new LRUCache<string, Settled>({
    max: maxSettled,
    maxSize: maxSettledBytes,
    sizeCalculation: (record, key) => record.answer.body.length + key.length + RECORD_OVERHEAD_BYTES,
    dispose: (record, _key, reason) => {
      if (reason === 'evict' && !hasExpired(record, clock.now())) {
        telemetry.record({ event: 'ledger_evicted', records: 1 })
      }
    },
  })
  const tenants = new Map<string, TenantState>()
  const accounts = new Map<string, AccountState>()
  const waiters = createWaiters(clock)

  const tenantState = (id: string): TenantState => {
    let state = tenants.get(id)
    if (state === undefined) {
      state = { buckets: {}, day: undefined, month: undefined, leases: new Map() }
      tenants.set(id, state)
    }
    return state
  }

  const accountState = (id: string): AccountState => {
    let state = accounts.get(id)
    if (state === undefined) {
      state = {}
      accounts.set(id, state)
    }
    return state
  }

  const metersOf = (tenant: TenantState, account: AccountState, charge: Charge, now: EpochMs): FreshMeters =>
    refresh(
      {
        tenant: tenant.buckets[charge.class],
        account: account[charge.class],
        day: tenant.day,
        month: tenant.month,
        inFlight: underWay(tenant, charge, now),
      },
      charge,
      now,
    )

  const store = (tenant: TenantState, account: AccountState, charge: Charge, meters: FreshMeters) => {
    tenant.buckets[charge.class] = meters.tenant
    account[charge.class] = meters.account
    tenant.day = meters.day
    tenant.month = meters.month
  }

  /** Makes room for a new live record; live records stand in the order of their first send. */
  const hasRoom = (now: EpochMs): boolean => {
    for (const [key, record] of live) {
      if (!hasExpired(record, now)) break
      live.delete(key)
    }
    return live.size < maxLive
  }

  /** One step, without waiting. */
  const step = (entry: LedgerEntry): Opened => {
    const now = clock.now()
    const { charge, slot } = entry
    const tenant = tenantState(entry.tenant)
    const account = accountState(entry.account)
    const meters = metersOf(tenant, account, charge, now)
    const key = slot && recordKey(entry.tenant, slot.key)

    let earlier: InFlight | Unknown | undefined
    if (slot !== undefined && key !== undefined) {
      const found: SlotRecord | undefined = live.get(key) ?? kept.get(key)
      const means = meaning(found, slot.fingerprint, now)
      const standings = () => standingsOf(meters, charge, now)
      if (means.kind === 'mismatch') return { kind: 'mismatch', standings: standings() }
      if (means.kind === 'replay') return { kind: 'replay', answer: means.answer, standings: standings() }
      if (means.kind === 'wait') {
        return { kind: 'in_flight', leaseEndsAt: means.leaseEndsAt, standings: standings() }
      }
      if (means.kind === 'resume') earlier = means.record
      else if (!hasRoom(now)) return { kind: 'full' }
    }

    const resumed = earlier !== undefined
    const isMessage = charge.message !== undefined && earlier?.counted === undefined
    const refused = refusal(meters, charge, isMessage, now)
    if (refused) return { kind: 'refused', ...refused, resumed, standings: standingsOf(meters, charge, now) }

    const after = charged(meters, isMessage)
    store(tenant, account, charge, after)
    const counted = isMessage ? { day: after.day.start, month: after.month.start } : undefined
    tenant.leases.set(entry.owner, { endsAt: now + entry.leaseMs, counted })
    if (slot !== undefined && key !== undefined) {
      // A fresh claim may stand over an expired record: drop it, so that the order of `live` holds.
      if (!resumed && !live.delete(key)) kept.delete(key)
      live.set(key, claim(earlier, slot.fingerprint, entry.owner, entry.leaseMs, counted, now))
    }
    return { kind: 'go', resumed, standings: standingsOf(after, charge, now) }
  }

  /** Waits for the owner's answer; takes over when its lease ends first. */
  const waitForOwner = async (entry: LedgerEntry, key: string, waitMs: number): Promise<Opened> => {
    const until = clock.now() + waitMs
    for (;;) {
      const opened = step(entry)
      const left = until - clock.now()
      if (opened.kind !== 'in_flight' || left <= 0) return opened
      const answer = await waiters.wait(key, Math.min(left, opened.leaseEndsAt - clock.now()))
      if (answer !== undefined) return { kind: 'replay', answer, standings: opened.standings }
    }
  }

  return {
    open(entry) {
      const opened = step(entry)
      if (opened.kind !== 'in_flight' || entry.slot === undefined) return opened
      return waitForOwner(entry, recordKey(entry.tenant, entry.slot.key), entry.slot.waitMs)
    },

    settle(entry, { settlement, answer, giveBack }) {
      const now = clock.now()
      const { charge, slot } = entry
      const tenant = tenantState(entry.tenant)
      const lease = tenant.leases.get(entry.owner)
      tenant.leases.delete(entry.owner)

      let counted = lease?.counted
      if (slot === undefined) {
        if (lease === undefined) return false
      } else {
        const key = recordKey(entry.tenant, slot.key)
        const record = live.get(key)
        if (record?.state !== 'in_flight' || record.owner !== entry.owner) return false
        counted = returnsMessage(settlement, record.resumed) ? record.counted : undefined
        const next = settled(record, settlement, answer)
        if (next === undefined || next.state === 'settled') live.delete(key)
        if (next?.state === 'settled') kept.set(key, next)
        else if (next !== undefined) live.set(key, next)
        waiters.wake(key, answer)
      }
      if (giveBack) {
        const account = accountState(entry.account)
        store(tenant, account, charge, refunded(metersOf(tenant, account, charge, now), charge, counted))
      }
      return true
    },

    standings({ account, tenant, charge }) {
      const now = clock.now()
      return standingsOf(metersOf(tenantState(tenant), accountState(account), charge, now), charge, now)
    },

    reachable: () => true,
  }
}

/** Neither part can hold a blank: ids are `[a-z0-9_-]`, keys are visible ASCII. */
const recordKey = (tenant: string, key: string): string => `${tenant} ${key}`

/** Leases that are not over. They are only counted through when the cap seems reached. */
function underWay(tenant: TenantState, charge: Charge, now: EpochMs): number {
  if (tenant.leases.size >= charge.maxConcurrent) {
    for (const [owner, lease] of tenant.leases) if (lease.endsAt <= now) tenant.leases.delete(owner)
  }
  return tenant.leases.size
}
