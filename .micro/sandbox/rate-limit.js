/** The rate budget of an organisation: one token bucket per endpoint class (upstream contract §8). */
export const endpointClass = (method) => method === 'GET' || method === 'HEAD' ? 'read' : 'write';
/** Buckets start full and refill at limit/60 tokens per second. */
export function createRateLimit({ writePerMinute, readPerMinute, now }) {
    const limits = { write: writePerMinute, read: readPerMinute };
    const buckets = new Map();
    return {
        take(organisation, method) {
            const kind = endpointClass(method);
            const limit = limits[kind];
            const perSecond = limit / 60;
            const at = now();
            const name = `${organisation} ${kind}`;
            const bucket = buckets.get(name) ?? { tokens: limit, at };
            const refilled = Math.min(limit, bucket.tokens + (Math.max(0, at - bucket.at) / 1000) * perSecond);
            const granted = refilled >= 1;
            const tokens = granted ? refilled - 1 : refilled;
            buckets.set(name, { tokens, at });
            return {
                limit,
                remaining: Math.floor(tokens),
                reset: Math.ceil(at / 1000 + (limit - tokens) / perSecond),
                ...(!granted && { retryAfter: Math.max(1, Math.ceil((1 - tokens) / perSecond)) }),
            };
        },
    };
}
/** The three headers of every success and every 4xx, and `Retry-After` on a refusal. */
export function rateLimitHeaders({ limit, remaining, reset, retryAfter }) {
    return {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': String(reset),
        ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    };
}
