import { charged, claim, meaning, refresh, refunded, refusal, returnsMessage, settled, standingsOf, } from '../domain/ledger-rules.js';
import { createWaiters } from './waiters.js';
/**
 * A ledger kept by the domain's rules in a synchronous store: all that memory and Durable Object share.
 * `atomically` runs a step so that it happens as a whole or not at all.
 */
export function createBook(store, clock, atomically = (step) => step()) {
    const waiters = createWaiters(clock);
    const metersAt = (whose, charge, now) => {
        const inFlight = store.leases(whose.tenant, now, charge.maxConcurrent);
        return refresh({ ...store.meters(whose, charge.class), inFlight }, charge, now);
    };
    /** `open` without waiting. */
    const step = (entry) => {
        const now = clock.now();
        const { tenant, owner, leaseMs, charge, slot } = entry;
        const meters = metersAt(entry, charge, now);
        // Asked again by the same owner: its first answer was lost on the way. It is not charged twice.
        if (isHeld(store.lease(tenant, owner), now)) {
            const record = slot && store.record(tenant, slot.key);
            const resumed = record?.state === 'in_flight' && record.resumed;
            return { kind: 'go', resumed, standings: standingsOf(meters, charge, now) };
        }
        let earlier;
        if (slot !== undefined) {
            const means = meaning(store.record(tenant, slot.key), slot.fingerprint, now);
            const standings = () => standingsOf(meters, charge, now);
            if (means.kind === 'mismatch')
                return { kind: 'mismatch', standings: standings() };
            if (means.kind === 'replay')
                return { kind: 'replay', answer: means.answer, standings: standings() };
            if (means.kind === 'wait') {
                return { kind: 'in_flight', leaseEndsAt: means.leaseEndsAt, standings: standings() };
            }
            if (means.kind === 'resume')
                earlier = means.record;
            else if (!store.hasRoom(now))
                return { kind: 'full' };
        }
        const resumed = earlier !== undefined;
        // A message that is resumed was counted by its first attempt.
        const isMessage = charge.message !== undefined && earlier?.counted === undefined;
        const refused = refusal(meters, charge, isMessage, now);
        if (refused)
            return { kind: 'refused', ...refused, resumed, standings: standingsOf(meters, charge, now) };
        const after = charged(meters, isMessage);
        store.writeMeters(entry, charge.class, after);
        const counted = isMessage ? { day: after.day.start, month: after.month.start } : undefined;
        store.writeLease(tenant, owner, { endsAt: now + leaseMs, counted });
        if (slot !== undefined) {
            store.write(tenant, slot.key, claim(earlier, slot.fingerprint, owner, leaseMs, counted, now), !resumed);
        }
        return { kind: 'go', resumed, standings: standingsOf(after, charge, now) };
    };
    /** Waits for the owner's answer; takes over when its lease ends first. */
    const waitForOwner = async (entry, key, waitMs) => {
        const until = clock.now() + waitMs;
        for (;;) {
            const opened = atomically(() => step(entry));
            const left = until - clock.now();
            if (opened.kind !== 'in_flight' || left <= 0)
                return opened;
            const lapses = opened.leaseEndsAt - clock.now();
            const answer = await waiters.wait(rowKey(entry.tenant, key), Math.min(left, lapses));
            if (answer !== undefined)
                return { kind: 'replay', answer, standings: opened.standings };
        }
    };
    /** What comes back if the charges do; undefined: the lease was lost. */
    const release = (entry, outcome) => {
        const { tenant, owner, slot } = entry;
        const lease = store.lease(tenant, owner);
        store.eraseLease(tenant, owner);
        if (slot === undefined) {
            if (!isHeld(lease, clock.now()))
                return undefined;
            return lease.counted ? { counted: lease.counted } : {};
        }
        const record = store.record(tenant, slot.key);
        if (record?.state !== 'in_flight' || record.owner !== owner)
            return undefined;
        const next = settled(record, outcome.settlement, outcome.answer);
        if (next === undefined)
            store.erase(tenant, slot.key);
        else
            store.write(tenant, slot.key, next, false);
        return record.counted && returnsMessage(outcome.settlement, record.resumed)
            ? { counted: record.counted }
            : {};
    };
    return {
        open(entry) {
            const opened = atomically(() => step(entry));
            if (opened.kind !== 'in_flight' || entry.slot === undefined || entry.slot.waitMs <= 0)
                return opened;
            return waitForOwner(entry, entry.slot.key, entry.slot.waitMs);
        },
        settle(entry, outcome) {
            const held = atomically(() => {
                const released = release(entry, outcome);
                if (released === undefined)
                    return false;
                if (outcome.giveBack) {
                    const meters = metersAt(entry, entry.charge, clock.now());
                    store.writeMeters(entry, entry.charge.class, refunded(meters, entry.charge, released.counted));
                }
                return true;
            });
            if (held && entry.slot !== undefined)
                waiters.wake(rowKey(entry.tenant, entry.slot.key), outcome.answer);
            return held;
        },
        standings({ account, tenant, charge }) {
            const now = clock.now();
            return standingsOf(metersAt({ account, tenant }, charge, now), charge, now);
        },
        reachable: () => true,
    };
}
/** A lease that has ended may still stand in the store: it counts for nothing. */
const isHeld = (lease, now) => lease !== undefined && lease.endsAt > now;
/** One name for tenant and client key. Neither can hold a blank: ids are `[a-z0-9_-]`, keys are visible ASCII. */
export const rowKey = (tenant, key) => `${tenant} ${key}`;
