import type { Secret } from './tenant.ts'

/** One request to the upstream, as data. A transport builds its headers from this and from nothing else. */
export interface UpstreamCall {
  readonly method: 'GET' | 'POST'
  /** Path and query below the base URL, starting with `/`; its parts are already validated or encoded. */
  readonly path: string
  /** The account id, for layers that keep state per account. */
  readonly account: string
  readonly token: Secret
  /** The token that takes over when the upstream refuses `token`. */
  readonly nextToken?: Secret | undefined
  /** The gateway's own request id, sent as `X-Request-Id`. */
  readonly requestId: string
  /** The derived key (64 hex digits); never the caller's own. */
  readonly idempotencyKey?: string | undefined
  /** JSON text. */
  readonly body?: string | undefined
}

/** The upstream response headers that the gateway reads; everything else is dropped at the transport. */
export interface UpstreamHeaders {
  readonly requestId?: string | undefined
  /** Raw `Retry-After`: delta-seconds or an HTTP-date (RFC 9110 §10.2.3). */
  readonly retryAfter?: string | undefined
  /** Raw `Idempotent-Replayed`. */
  readonly replayed?: string | undefined
  /** `X-RateLimit-Remaining`: whole tokens left to the account in the class of the call (upstream contract §8). */
  readonly tokensLeft?: number | undefined
}

export type NotSentReason =
  | 'cannot_connect'
  | 'connection_closed'
  | 'deadline'
  /** The circuit breaker of the account is open. */
  | 'breaker_open'
  /** The upstream has told the account to wait. */
  | 'account_paused'
export type UnknownReason = 'connection_reset' | 'deadline' | 'protocol_error'

/**
 * What came of a call. `not_sent` is claimed only when no byte of the request was written;
 * everything that may have reached the upstream without an answer is `unknown`.
 */
export type UpstreamResult =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: UpstreamHeaders
      /** Undefined: the body broke off, was over the cap, or is not UTF-8. */
      readonly body: string | undefined
    }
  | {
      readonly kind: 'not_sent'
      readonly reason: NotSentReason
      /** When it is worth trying again, if that is known. */
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }
