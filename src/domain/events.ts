import type { BreakerState } from './breaker.ts'
import type { Outcome } from './errors.ts'
import type { NotSentReason, UnknownReason } from './upstream.ts'

/**
 * Everything that telemetry is ever told. A closed union without any field that could hold a body,
 * a header, a recipient or a token: custody by construction, not by redaction.
 */
export type GatewayEvent =
  | RequestFinished
  | UpstreamAttempted
  | { readonly event: 'upstream_auth_failed'; readonly account: string; readonly requestId: string }
  /** The upstream refused one of two tokens: once for each, until it is taken again. */
  | {
      readonly event: 'token_refused'
      readonly account: string
      readonly which: 'token' | 'nextToken'
      readonly requestId: string
    }
  /** The circuit breaker of an account changed. `openMs`: for how long it is open at least. */
  | {
      readonly event: 'breaker'
      readonly account: string
      readonly state: BreakerState['kind']
      readonly openMs?: number
    }
  /** The upstream told an account to wait: calls of the class are turned away for so long. */
  | {
      readonly event: 'account_paused'
      readonly account: string
      readonly class: 'read' | 'write'
      readonly pausedMs: number
      readonly requestId: string
    }
  | { readonly event: 'ledger_evicted'; readonly records: number }
  | { readonly event: 'ledger_failed'; readonly verb: 'open' | 'settle'; readonly requestId: string }
  | { readonly event: 'lease_lost'; readonly requestId: string }
  /** A ledger in another place went out of reach, or is back: once for each change. */
  | { readonly event: 'ledger_state'; readonly reachable: boolean }
  /** `stack` holds code positions only, never an error's message. */
  | {
      readonly event: 'internal_error'
      readonly requestId: string
      readonly error: string
      readonly stack: string
    }
  | { readonly event: 'connection_refused'; readonly requestId: string; readonly code: string }
  | { readonly event: 'lifecycle'; readonly what: Lifecycle; readonly detail?: string }

export type Lifecycle = 'listening' | 'config_reloaded' | 'config_refused' | 'draining' | 'stopped'

export interface RequestFinished {
  readonly event: 'request'
  readonly requestId: string
  readonly method: string
  /** The route's pattern, never the path that was asked for. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
  /** Time spent waiting for the upstream; the rest of `durationMs` is the gateway's share. */
  readonly upstreamMs?: number | undefined
  readonly code?: string | undefined
  readonly outcome?: Outcome | undefined
  readonly replayed?: boolean | undefined
  readonly tenant?: string | undefined
  readonly keyId?: string | undefined
  readonly phoneNumberId?: string | undefined
  readonly upstreamRequestId?: string | undefined
  /** The caller's own `X-Request-Id`, if it is short visible ASCII. */
  readonly correlationId?: string | undefined
}

/** One attempt at the upstream; several may stand under one request id. */
export interface UpstreamAttempted {
  readonly event: 'upstream'
  readonly requestId: string
  readonly account: string
  readonly result: 'answered' | NotSentReason | UnknownReason
  readonly status?: number | undefined
  readonly durationMs: number
}

/** The duration of an event, from two readings of `Clock.monotonic`: good to a hundredth of a millisecond. */
export const elapsedMs = (began: number, ended: number): number => Math.round((ended - began) * 100) / 100
