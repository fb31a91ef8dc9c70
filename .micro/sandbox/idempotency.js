import { hash } from 'node:crypto';
const DAY_MS = 86_400_000;
/** Keys of an organisation, each bound for 24 h to one request and its answer (upstream contract §7). */
export function createIdempotency({ now, inFlightWaitMs }) {
    const entries = new Map();
    /** Insertion order is expiry order, so the old ones are in front. */
    const dropExpired = (at) => {
        for (const [slot, entry] of entries) {
            if (entry.expiresAt > at)
                return;
            entries.delete(slot);
        }
    };
    const start = (slot, fingerprint) => {
        const entry = { fingerprint, expiresAt: now() + DAY_MS, waiters: [] };
        entries.set(slot, entry);
        const finish = (kept) => {
            if (kept !== undefined)
                entry.reply = kept;
            else if (entries.get(slot) === entry)
                entries.delete(slot);
            for (const wake of entry.waiters.splice(0))
                wake();
        };
        return { kind: 'run', finish };
    };
    return async (organisation, key, fingerprint) => {
        const slot = `${organisation} ${key}`;
        const deadline = performance.now() + inFlightWaitMs;
        for (;;) {
            dropExpired(now());
            const entry = entries.get(slot);
            if (entry === undefined)
                return start(slot, fingerprint);
            if (entry.fingerprint !== fingerprint)
                return { kind: 'reuse' };
            if (entry.reply !== undefined)
                return { kind: 'replay', reply: entry.reply };
            const left = deadline - performance.now();
            if (left <= 0 || !(await finishedWithin(entry, left)))
                return { kind: 'in_progress' };
        }
    };
}
/** Waits for the processing behind `entry`; false when `ms` passed first. */
function finishedWithin(entry, ms) {
    return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        timer.unref();
        entry.waiters.push(() => {
            clearTimeout(timer);
            resolve(true);
        });
    });
}
/** `sha256(method + path + canonical_json(body))`, hex (upstream contract §7). */
export function fingerprintOf(method, path, body) {
    return hash('sha256', `${method}${path}${canonicalJson(body)}`);
}
/** JSON text that does not depend on the order of an object's keys; `value` comes from `JSON.parse`. */
function canonicalJson(value) {
    if (typeof value !== 'object' || value === null)
        return JSON.stringify(value);
    if (Array.isArray(value))
        return `[${value.map(canonicalJson).join()}]`;
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join()}}`;
}
