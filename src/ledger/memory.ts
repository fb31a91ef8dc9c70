import { hasExpired } from '../domain/ledger-rules.ts'
import type { Bucket, RateClass, Window } from '../domain/limits.ts'
import type { FreshMeters } from '../domain/meters.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { Clock, Ledger, Telemetry } from '../ports.ts'
import { createBook, type Lease, type LedgerStore, rowKey } from './book.ts'
import { createKeptAnswers } from './memory/kept-answers.ts'
import { LiveRecords } from './memory/live-records.ts'

export interface MemoryLedgerOptions {
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Kept answers; the least recently used go first. Losing one is safe: the derived key still dedupes upstream. */
  readonly maxSettled?: number
  readonly maxSettledBytes?: number
  /** Records in flight or of unknown outcome. These are never evicted: past a cap new keys are refused. */
  readonly maxLive?: number
  /** The bodies that these hold, at two bytes a character; the one that reaches the cap is still taken. */
  readonly maxLiveBytes?: number
}

/** The ledger of one process: nothing survives a restart but what the upstream itself remembers. */
export const createMemoryLedger = (options: MemoryLedgerOptions): Ledger =>
  createBook(createMemoryStore(options), options.clock)

interface TenantRow {
  readonly buckets: Partial<Record<RateClass, Bucket>>
  readonly shares: Partial<Record<RateClass, Bucket>>
  day: Window | undefined
  month: Window | undefined
  readonly leases: Map<string, Lease>
}

type AccountRow = Partial<Record<RateClass, Pick<FreshMeters, 'account' | 'contendedUntil' | 'borrower'>>>

function createMemoryStore(options: MemoryLedgerOptions): LedgerStore {
  const { clock, telemetry, maxSettled = 250_000, maxSettledBytes = 2 ** 28 } = options
  const { maxLive = 100_000, maxLiveBytes = 2 ** 27 } = options
  const live = new LiveRecords()
  const kept = createKeptAnswers({
    max: maxSettled,
    maxBytes: maxSettledBytes,
    evicted(record) {
      if (!hasExpired(record, clock.now())) telemetry.record({ event: 'ledger_evicted', records: 1 })
    },
  })
  const tenants = new Map<string, TenantRow>()
  const accounts = new Map<string, AccountRow>()
  const tenantRow = (id: string): TenantRow =>
    found(tenants, id, () => ({
      buckets: {},
      shares: {},
      day: undefined,
      month: undefined,
      leases: new Map(),
    }))
  const accountRow = (id: string): AccountRow => found(accounts, id, () => ({}))

  /** Leases of the tenant; those that are over are cleared away when they seem to be `enough`. */
  const inFlight = ({ leases }: TenantRow, now: EpochMs, enough: number): number => {
    if (leases.size >= enough) {
      for (const [owner, { endsAt }] of leases) if (endsAt <= now) leases.delete(owner)
    }
    return leases.size
  }

  return {
    record(tenant, key) {
      const row = rowKey(tenant, key)
      return live.get(row) ?? kept.get(row)
    },

    hasRoom(now) {
      live.dropExpired(now)
      return live.size < maxLive && live.bytes < maxLiveBytes
    },

    write(tenant, key, record, before) {
      const row = rowKey(tenant, key)
      if (record.state === 'settled') {
        if (before !== undefined && before.state !== 'settled') live.delete(row, before)
        kept.set(row, record)
        return
      }
      if (before?.state === 'settled') kept.delete(row)
      // A fresh claim goes to the end of `live`; what follows on it stays in its place.
      else if (before !== undefined && before.firstSentAt !== record.firstSentAt) live.delete(row, before)
      live.set(row, record)
    },

    erase: (tenant, key) => {
      const row = rowKey(tenant, key)
      const record = live.get(row)
      if (record !== undefined) live.delete(row, record)
    },

    meters({ account, tenant }, { class: rateClass, maxConcurrent }, now) {
      const row = tenantRow(tenant)
      const shared = accountRow(account)[rateClass]
      return {
        tenant: row.buckets[rateClass],
        account: shared?.account,
        share: row.shares[rateClass],
        contendedUntil: shared?.contendedUntil ?? 0,
        borrower: shared?.borrower ?? '',
        day: row.day,
        month: row.month,
        inFlight: inFlight(row, now, maxConcurrent),
      }
    },

    writeMeters({ account, tenant }, rateClass, meters) {
      const row = tenantRow(tenant)
      const { share, contendedUntil, borrower } = meters
      row.buckets[rateClass] = meters.tenant
      if (share !== undefined) row.shares[rateClass] = share
      row.day = meters.day
      row.month = meters.month
      accountRow(account)[rateClass] = { account: meters.account, contendedUntil, borrower }
    },

    lease: (tenant, owner) => tenantRow(tenant).leases.get(owner),
    writeLease: (tenant, owner, lease) => {
      tenantRow(tenant).leases.set(owner, lease)
    },
    eraseLease: (tenant, owner) => {
      tenantRow(tenant).leases.delete(owner)
    },
  }
}

function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
