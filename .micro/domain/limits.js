/**
 * Quota arithmetic: token buckets and UTC day and month windows. Pure; whole numbers only, so that every
 * ledger (memory, SQL, Lua) computes the same answers.
 */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * A token is 60,000 units, so that one millisecond refills exactly `perMinute` units: no fractions, no drift.
 * (Upstream contract §8: capacity = the per-minute limit, refilled at limit/60 per second.)
 */
const TOKEN_UNITS = MINUTE_MS;
/** The bucket at `now`: full when new; never above its capacity, also after the limit was lowered. */
export function refill(bucket, perMinute, now) {
    const capacity = perMinute * TOKEN_UNITS;
    if (bucket === undefined)
        return { units: capacity, at: now };
    // A whole minute fills any bucket. A clock that stepped back refills nothing.
    const elapsed = Math.min(Math.max(now - bucket.at, 0), MINUTE_MS);
    return { units: Math.min(bucket.units + elapsed * perMinute, capacity), at: now };
}
export const hasToken = (bucket) => bucket.units >= TOKEN_UNITS;
/** Takes one token; the caller has seen `hasToken`. */
export const take = (bucket) => ({ units: bucket.units - TOKEN_UNITS, at: bucket.at });
export function putBack(bucket, perMinute) {
    return { units: Math.min(bucket.units + TOKEN_UNITS, perMinute * TOKEN_UNITS), at: bucket.at };
}
/** Milliseconds until the bucket holds a token. */
export function waitForToken(bucket, perMinute) {
    return Math.max(0, Math.ceil((TOKEN_UNITS - bucket.units) / perMinute));
}
/** First millisecond of the UTC day or month that holds `now`. */
export function periodStart(period, now) {
    if (period === 'day')
        return Math.floor(now / DAY_MS) * DAY_MS;
    const date = new Date(now);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
/** First millisecond of the next UTC day or month. */
export function periodEnd(period, now) {
    if (period === 'day')
        return periodStart('day', now) + DAY_MS;
    const date = new Date(now);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
/** The window at `now`: empty when a new day or month has begun. */
export function roll(window, period, now) {
    const start = periodStart(period, now);
    return window !== undefined && window.start === start ? window : { start, used: 0 };
}
/** The standing of a bucket that was refilled at `bucket.at`; tokens are floored (upstream contract §8). */
export function bucketStanding(bucket, perMinute) {
    const missing = perMinute * TOKEN_UNITS - bucket.units;
    return {
        limit: perMinute,
        remaining: Math.floor(bucket.units / TOKEN_UNITS),
        fullAt: bucket.at + Math.ceil(missing / perMinute),
    };
}
export function windowStanding(window, limit, period, now) {
    return {
        limit,
        remaining: Math.max(0, limit - window.used),
        startedAt: window.start,
        resetsAt: periodEnd(period, now),
    };
}
