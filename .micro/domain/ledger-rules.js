/**
 * What an idempotency record and the meters mean for a request, and what they become. Pure: every ledger
 * that can run TypeScript runs this; those that cannot are held to it by a differential test.
 */
import { bucketStanding, hasToken, periodEnd, putBack, refill, roll, take, waitForToken, windowStanding, } from './limits.js';
/** A key stays bound for 24 h from the first send, as it does upstream (upstream contract §7). */
export const RETENTION_MS = 24 * 60 * 60 * 1000;
/** Retry-After of a refusal that ends when any other request does. */
const CONCURRENCY_RETRY_MS = 1000;
const FRESH = { kind: 'fresh' };
const MISMATCH = { kind: 'mismatch' };
export const hasExpired = (record, now) => now >= record.firstSentAt + RETENTION_MS && !(record.state === 'in_flight' && record.leaseEndsAt > now);
/** What the record under a key means for a request with `fingerprint`. Reuse wins over "in progress". */
export function meaning(record, fingerprint, now) {
    if (record === undefined || hasExpired(record, now))
        return FRESH;
    if (record.fingerprint !== fingerprint)
        return MISMATCH;
    if (record.state === 'settled')
        return { kind: 'replay', answer: record.answer };
    if (record.state === 'in_flight' && record.leaseEndsAt > now) {
        return { kind: 'wait', leaseEndsAt: record.leaseEndsAt };
    }
    return { kind: 'resume', record };
}
/** The record of a request that was admitted, fresh or resumed. */
export function claim(earlier, fingerprint, owner, leaseMs, counted, now) {
    return {
        state: 'in_flight',
        fingerprint,
        firstSentAt: earlier?.firstSentAt ?? now,
        owner,
        leaseEndsAt: now + leaseMs,
        resumed: earlier !== undefined,
        counted: earlier?.counted ?? counted,
    };
}
/** The record after its owner has settled; undefined: the key is free again. */
export function settled(record, settlement, answer) {
    const { fingerprint, firstSentAt, counted, resumed } = record;
    if (settlement === 'keep')
        return { state: 'settled', fingerprint, firstSentAt, answer };
    // Releasing a resumed record would forget that its first attempt may have been sent.
    if (settlement === 'unknown' || resumed)
        return { state: 'unknown', fingerprint, firstSentAt, counted };
    return undefined;
}
/** Whether giving back the charges includes the message: not while an earlier attempt may have sent it. */
export const returnsMessage = (settlement, resumed) => settlement === 'keep' || !resumed;
/** Brings the meters to `now`; all other functions here expect refreshed meters. */
export function refresh(meters, charge, now) {
    return {
        tenant: refill(meters.tenant, charge.tenantPerMinute, now),
        account: refill(meters.account, charge.accountPerMinute, now),
        day: roll(meters.day, 'day', now),
        month: roll(meters.month, 'month', now),
        inFlight: meters.inFlight,
    };
}
/**
 * Why the request may not go, or undefined. The tenant's own limits are named before the account's, the
 * longest first; `retryAfterMs` is when all of them would admit it again, as far as can be known.
 */
export function refusal(meters, charge, isMessage, now) {
    let by;
    let retryAfterMs = 0;
    const refuse = (reason, waitMs) => {
        if (by === undefined || (waitMs > retryAfterMs && reason !== 'account_rate'))
            by = reason;
        retryAfterMs = Math.max(retryAfterMs, waitMs);
    };
    if (!hasToken(meters.tenant))
        refuse('rate', waitForToken(meters.tenant, charge.tenantPerMinute));
    if (isMessage && meters.day.used >= (charge.message?.perDay ?? Number.POSITIVE_INFINITY)) {
        refuse('quota', periodEnd('day', now) - now);
    }
    if (isMessage && meters.month.used >= (charge.message?.perMonth ?? Number.POSITIVE_INFINITY)) {
        refuse('quota', periodEnd('month', now) - now);
    }
    if (meters.inFlight >= charge.maxConcurrent)
        refuse('concurrency', CONCURRENCY_RETRY_MS);
    if (!hasToken(meters.account))
        refuse('account_rate', waitForToken(meters.account, charge.accountPerMinute));
    return by === undefined ? undefined : { by, retryAfterMs };
}
/** The meters after one request was admitted; `inFlight` is kept by the ledger's leases. */
export function charged(meters, isMessage) {
    return {
        ...meters,
        tenant: take(meters.tenant),
        account: take(meters.account),
        day: isMessage ? { start: meters.day.start, used: meters.day.used + 1 } : meters.day,
        month: isMessage ? { start: meters.month.start, used: meters.month.used + 1 } : meters.month,
    };
}
const uncount = (window, countedIn) => window.start === countedIn ? { start: window.start, used: Math.max(0, window.used - 1) } : window;
/** The meters after the charges came back; a message only to the day and month it was counted in. */
export function refunded(meters, charge, counted) {
    return {
        ...meters,
        tenant: putBack(meters.tenant, charge.tenantPerMinute),
        account: putBack(meters.account, charge.accountPerMinute),
        day: uncount(meters.day, counted?.day),
        month: uncount(meters.month, counted?.month),
    };
}
/** What callers are told is left: the tenant's own limits, never the account's. */
export function standingsOf(meters, charge, now) {
    const { perDay, perMonth } = charge.message ?? {};
    return {
        class: charge.class,
        at: now,
        bucket: bucketStanding(meters.tenant, charge.tenantPerMinute),
        ...(perDay !== undefined && { day: windowStanding(meters.day, perDay, 'day', now) }),
        ...(perMonth !== undefined && { month: windowStanding(meters.month, perMonth, 'month', now) }),
    };
}
