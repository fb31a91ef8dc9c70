import { LRUCache } from 'lru-cache';
import { hasExpired } from '../domain/ledger-rules.js';
import { createBook, rowKey } from './book.js';
/** What a record costs beyond its strings, in bytes: objects, map and list entries, rounded up. */
const RECORD_OVERHEAD_BYTES = 400;
/** The ledger of one process: nothing survives a restart but what the upstream itself remembers. */
export const createMemoryLedger = (options) => createBook(createMemoryStore(options), options.clock);
function createMemoryStore(options) {
    const { clock, telemetry, maxSettled = 250_000, maxSettledBytes = 2 ** 28, maxLive = 100_000 } = options;
    /** In the order of their first send. */
    const live = new Map();
    const kept = new LRUCache({
        max: maxSettled,
        maxSize: maxSettledBytes,
        sizeCalculation: (record, key) => record.answer.body.length + key.length + RECORD_OVERHEAD_BYTES,
        dispose: (record, _key, reason) => {
            if (reason === 'evict' && !hasExpired(record, clock.now())) {
                telemetry.record({ event: 'ledger_evicted', records: 1 });
            }
        },
    });
    const tenants = new Map();
    const accounts = new Map();
    const tenantRow = (id) => found(tenants, id, () => ({ buckets: {}, day: undefined, month: undefined, leases: new Map() }));
    const accountRow = (id) => found(accounts, id, () => ({}));
    return {
        record: (tenant, key) => live.get(rowKey(tenant, key)) ?? kept.get(rowKey(tenant, key)),
        hasRoom(now) {
            for (const [key, record] of live) {
                if (!hasExpired(record, now))
                    break;
                live.delete(key);
            }
            return live.size < maxLive;
        },
        write(tenant, key, record, fresh) {
            const row = rowKey(tenant, key);
            // A fresh claim goes to the end of `live`; an answer that had expired under its key is dropped.
            if (fresh && !live.delete(row))
                kept.delete(row);
            if (record.state !== 'settled')
                live.set(row, record);
            else {
                live.delete(row);
                kept.set(row, record);
            }
        },
        erase: (tenant, key) => {
            live.delete(rowKey(tenant, key));
        },
        meters({ account, tenant }, rateClass) {
            const row = tenantRow(tenant);
            return {
                tenant: row.buckets[rateClass],
                account: accountRow(account)[rateClass],
                day: row.day,
                month: row.month,
            };
        },
        writeMeters({ account, tenant }, rateClass, meters) {
            const row = tenantRow(tenant);
            row.buckets[rateClass] = meters.tenant;
            row.day = meters.day;
            row.month = meters.month;
            accountRow(account)[rateClass] = meters.account;
        },
        lease: (tenant, owner) => tenantRow(tenant).leases.get(owner),
        writeLease: (tenant, owner, lease) => {
            tenantRow(tenant).leases.set(owner, lease);
        },
        eraseLease: (tenant, owner) => {
            tenantRow(tenant).leases.delete(owner);
        },
        leases(tenant, now, enough) {
            const { leases } = tenantRow(tenant);
            if (leases.size >= enough) {
                for (const [owner, { endsAt }] of leases)
                    if (endsAt <= now)
                        leases.delete(owner);
            }
            return leases.size;
        },
    };
}
function found(map, key, make) {
    const known = map.get(key);
    if (known !== undefined)
        return known;
    const made = make();
    map.set(key, made);
    return made;
}
