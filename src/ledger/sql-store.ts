import type { Answer } from '../domain/answer.ts'
import { RETENTION_MS, type SlotRecord } from '../domain/ledger-rules.ts'
import type { RateClass } from '../domain/limits.ts'
import type { Counted } from '../domain/meters.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { LedgerStore } from './book.ts'

export interface SqlStore extends LedgerStore {
  /** Removes at most `rows` expired records and ended leases each; tells whether there may be more. */
  cleanUp(now: EpochMs, rows: number): boolean
  /** When the oldest record expires; undefined: there is none. */
  nextExpiry(): EpochMs | undefined
}

/** A Durable Object's SQLite holds 10 GB; new keys are refused some way before. */
const MAX_BYTES = 9 * 2 ** 30

/**
 * Only ever added to, so that after a rollback an older version still works: it inserts whole rows, so a table gets
 * no new column. `record.answer` holds the answer of a settled record, and the body of one whose outcome is open;
 * versions that kept no body wrote NULL there and ignore it.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS record (
    tenant TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, fingerprint TEXT NOT NULL,
    first_sent_at INTEGER NOT NULL, owner TEXT, lease_ends_at INTEGER, resumed INTEGER,
    counted_day INTEGER, counted_month INTEGER, answer TEXT,
    PRIMARY KEY (tenant, key)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS record_by_age ON record (first_sent_at);
  CREATE TABLE IF NOT EXISTS tenant_meter (
    tenant TEXT NOT NULL, class TEXT NOT NULL, units INTEGER NOT NULL, at INTEGER NOT NULL,
    day_start INTEGER NOT NULL, day_used INTEGER NOT NULL, month_start INTEGER NOT NULL, month_used INTEGER NOT NULL,
    PRIMARY KEY (tenant, class)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS account_meter (
    class TEXT PRIMARY KEY, units INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS share_meter (
    tenant TEXT NOT NULL, class TEXT NOT NULL, units INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (tenant, class)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS contention (
    class TEXT PRIMARY KEY, until INTEGER NOT NULL, borrower TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lease (
    tenant TEXT NOT NULL, owner TEXT NOT NULL, ends_at INTEGER NOT NULL, counted_day INTEGER, counted_month INTEGER,
    PRIMARY KEY (tenant, owner)) WITHOUT ROWID;
`

type RecordRow = {
  state: string
  fingerprint: string
  first_sent_at: number
  owner: string | null
  lease_ends_at: number | null
  resumed: number | null
  counted_day: number | null
  counted_month: number | null
  answer: string | null
}
type CountedColumns = { counted_day: number | null; counted_month: number | null }
/** Units and epoch ms. */
type Bucket = { units: number; at: number }
type Contention = { until: number; borrower: string }
type TenantMeterRow = {
  units: number
  at: number
  day_start: number
  day_used: number
  month_start: number
  month_used: number
}

/** Messages are writes, so days and months stand with the write bucket. */
const WINDOWS: RateClass = 'write'

/** A store in the SQLite of one Durable Object. The object belongs to one account, so rows name the tenant only. */
export function createSqlStore(sql: SqlStorage): SqlStore {
  sql.exec(schema)
  const first = <Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]) =>
    [...sql.exec<Row>(query, ...values)][0]

  const tenantMeter = (tenant: string, rateClass: RateClass) =>
    first<TenantMeterRow>('SELECT * FROM tenant_meter WHERE tenant = ? AND class = ?', tenant, rateClass)

  /** Leases of the tenant; those that are over are cleared away when they seem to be `enough`. */
  const leases = (tenant: string, now: EpochMs, enough: number): number => {
    const count = () =>
      first<{ n: number }>('SELECT count(*) AS n FROM lease WHERE tenant = ?', tenant)?.n ?? 0
    const all = count()
    if (all < enough) return all
    sql.exec('DELETE FROM lease WHERE tenant = ? AND ends_at <= ?', tenant, now)
    return count()
  }

  return {
    record(tenant, key) {
      const row = first<RecordRow>('SELECT * FROM record WHERE tenant = ? AND key = ?', tenant, key)
      return row && toRecord(row)
    },

    hasRoom: () => sql.databaseSize < MAX_BYTES,

    write(tenant, key, record) {
      const { state, fingerprint, firstSentAt } = record
      const flight = record.state === 'in_flight' ? record : undefined
      const counted = record.state === 'settled' ? undefined : record.counted
      sql.exec(
        'INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        tenant,
        key,
        state,
        fingerprint,
        firstSentAt,
        flight?.owner ?? null,
        flight?.leaseEndsAt ?? null,
        flight === undefined ? null : Number(flight.resumed),
        counted?.day ?? null,
        counted?.month ?? null,
        record.state === 'settled' ? JSON.stringify(record.answer) : (record.body ?? null),
      )
    },

    erase: (tenant, key) => {
      sql.exec('DELETE FROM record WHERE tenant = ? AND key = ?', tenant, key)
    },

    meters({ tenant }, { class: rateClass, maxConcurrent }, now) {
      const own = tenantMeter(tenant, rateClass)
      const windows = rateClass === WINDOWS ? own : tenantMeter(tenant, WINDOWS)
      const { until: contendedUntil = 0, borrower = '' } =
        first<Contention>('SELECT until, borrower FROM contention WHERE class = ?', rateClass) ?? {}
      return {
        tenant: own && { units: own.units, at: own.at },
        account: first<Bucket>('SELECT units, at FROM account_meter WHERE class = ?', rateClass),
        share: first<Bucket>(
          'SELECT units, at FROM share_meter WHERE tenant = ? AND class = ?',
          tenant,
          rateClass,
        ),
        contendedUntil,
        borrower,
        day: windows && { start: windows.day_start, used: windows.day_used },
        month: windows && { start: windows.month_start, used: windows.month_used },
        inFlight: leases(tenant, now, maxConcurrent),
      }
    },

    writeMeters({ tenant: id }, rateClass, meters) {
      const { tenant, account, share, contendedUntil, borrower, day, month } = meters
      const windows = [day.start, day.used, month.start, month.used]
      sql.exec(
        'INSERT OR REPLACE INTO tenant_meter VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        rateClass,
        tenant.units,
        tenant.at,
        ...windows,
      )
      // Written only when a new day or month has begun.
      if (rateClass !== WINDOWS) {
        sql.exec(
          `UPDATE tenant_meter SET (day_start, day_used, month_start, month_used) = (?, ?, ?, ?)
           WHERE tenant = ? AND class = ? AND (day_start, day_used, month_start, month_used) <> (?, ?, ?, ?)`,
          ...windows,
          id,
          WINDOWS,
          ...windows,
        )
      }
      sql.exec('INSERT OR REPLACE INTO account_meter VALUES (?, ?, ?)', rateClass, account.units, account.at)
      if (share !== undefined) {
        sql.exec(
          'INSERT OR REPLACE INTO share_meter VALUES (?, ?, ?, ?)',
          id,
          rateClass,
          share.units,
          share.at,
        )
      }
      // Written only when it has changed.
      sql.exec(
        `INSERT INTO contention VALUES (?, ?, ?) ON CONFLICT (class) DO UPDATE
         SET (until, borrower) = (excluded.until, excluded.borrower)
         WHERE (until, borrower) <> (excluded.until, excluded.borrower)`,
        rateClass,
        contendedUntil,
        borrower,
      )
    },

    lease(tenant, owner) {
      const row = first<CountedColumns & { ends_at: number }>(
        'SELECT ends_at, counted_day, counted_month FROM lease WHERE tenant = ? AND owner = ?',
        tenant,
        owner,
      )
      return row && { endsAt: row.ends_at, counted: toCounted(row) }
    },

    writeLease: (tenant, owner, { endsAt, counted }) => {
      const { day = null, month = null } = counted ?? {}
      sql.exec('INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?)', tenant, owner, endsAt, day, month)
    },

    eraseLease: (tenant, owner) => {
      sql.exec('DELETE FROM lease WHERE tenant = ? AND owner = ?', tenant, owner)
    },

    cleanUp(now, rows) {
      const records = sql.exec(
        `DELETE FROM record WHERE (tenant, key) IN (SELECT tenant, key FROM record WHERE first_sent_at <= ?
         AND (lease_ends_at IS NULL OR lease_ends_at <= ?) ORDER BY first_sent_at LIMIT ?)`,
        now - RETENTION_MS,
        now,
        rows,
      )
      const leases = sql.exec(
        'DELETE FROM lease WHERE (tenant, owner) IN (SELECT tenant, owner FROM lease WHERE ends_at <= ? LIMIT ?)',
        now,
        rows,
      )
      // Each record is two rows: its own and that of its index.
      return records.rowsWritten >= rows || leases.rowsWritten >= rows
    },

    nextExpiry() {
      const oldest = first<{ at: number | null }>('SELECT min(first_sent_at) AS at FROM record')?.at
      return oldest == null ? undefined : oldest + RETENTION_MS
    },
  }
}

function toRecord(row: RecordRow): SlotRecord {
  const bound = { fingerprint: row.fingerprint, firstSentAt: row.first_sent_at }
  switch (row.state) {
    case 'settled':
      return { state: 'settled', ...bound, answer: JSON.parse(row.answer ?? '') as Answer }
    case 'unknown':
      return { state: 'unknown', ...bound, body: row.answer ?? undefined, counted: toCounted(row) }
    default:
      return {
        state: 'in_flight',
        ...bound,
        body: row.answer ?? undefined,
        owner: row.owner ?? '',
        leaseEndsAt: row.lease_ends_at ?? 0,
        resumed: row.resumed === 1,
        counted: toCounted(row),
      }
  }
}

const toCounted = ({ counted_day, counted_month }: CountedColumns): Counted | undefined =>
  counted_day === null || counted_month === null ? undefined : { day: counted_day, month: counted_month }
