/** The rate budget of an organisation: one token bucket per endpoint class (upstream contract §8). */

export type EndpointClass = 'write' | 'read'

export interface Standing {
  readonly limit: number
  /** Whole tokens left. */
  readonly remaining: number
  /** Epoch seconds at which the bucket would be full. */
  readonly reset: number
  /** Seconds until a token is there; present when the request was refused. */
  readonly retryAfter?: number
}

export interface RateLimitOptions {
  readonly writePerMinute: number
  readonly readPerMinute: number
  /** Epoch ms. */
  readonly now: () => number
}

export interface RateLimit {
  /** Takes one token of the organisation's bucket for `method`; a refusal takes none. */
  take(organisation: string, method: string): Standing
}

export const endpointClass = (method: string): EndpointClass =>
  method === 'GET' || method === 'HEAD' ? 'read' : 'write'

/** Buckets start full and refill at limit/60 tokens per second. */
export function createRateLimit({ writePerMinute, readPerMinute, now }: RateLimitOptions): RateLimit {
  const limits = { write: writePerMinute, read: readPerMinute }
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take(organisation, method) {
      const kind = endpointClass(method)
      const limit = limits[kind]
      const perSecond = limit / 60
      const at = now()
      const name = `${organisation} ${kind}`
      const bucket = buckets.get(name) ?? { tokens: limit, at }
      const refilled = Math.min(limit, bucket.tokens + (Math.max(0, at - bucket.at) / 1000) * perSecond)
      const granted = refilled >= 1
      const tokens = granted ? refilled - 1 : refilled
      buckets.set(name, { tokens, at })
      return {
        limit,
        remaining: Math.floor(tokens),
        reset: Math.ceil(at / 1000 + (limit - tokens) / perSecond),
        ...(!granted && { retryAfter: Math.max(1, Math.ceil((1 - tokens) / perSecond)) }),
      }
    },
  }
}

/** The three headers of every success and every 4xx, and `Retry-After` on a refusal. */
export function rateLimitHeaders({ limit, remaining, reset, retryAfter }: Standing): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(reset),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  }
}
