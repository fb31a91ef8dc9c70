import { type Answer, render } from '../domain/answer.ts'
import { type Failure, failure, type GatewayCode } from '../domain/errors.ts'
import type { Standings } from '../domain/limits.ts'
import type { Refusal } from '../domain/meters.ts'
import type { Opened } from '../ports.ts'

/** What the pipeline gives to HTTP: an answer, and what the headers tell about it. */
export interface Reply {
  readonly answer: Answer
  /** Absent when the request did not reach the ledger. */
  readonly standings?: Standings | undefined
  /** Present on a keyed request: whether the answer is that of an earlier request. */
  readonly replayed?: boolean | undefined
  /** Time spent waiting for the upstream. */
  readonly upstreamMs?: number | undefined
}

/** The ledger could not be asked. */
export type Unreachable = { readonly kind: 'unreachable' }

const refusalCodes: Record<Refusal['by'], GatewayCode> = {
  rate: 'rate_limit_exceeded',
  quota: 'quota_exceeded',
  concurrency: 'concurrency_exceeded',
  account_rate: 'upstream_rate_limited',
}

/** The reply to a request that the ledger did not let go. */
export function turnedAway(
  opened: Exclude<Opened, { kind: 'go' }> | Unreachable,
  requestId: string,
  keyed: boolean,
): Reply {
  const standings = 'standings' in opened ? opened.standings : undefined
  const isReplay = opened.kind === 'replay'
  const answer = isReplay ? opened.answer : render(turnedAwayBy(opened), requestId)
  return { answer, standings, replayed: keyed ? isReplay : undefined, upstreamMs: undefined }
}

function turnedAwayBy(opened: Exclude<Opened, { kind: 'go' | 'replay' }> | Unreachable): Failure {
  switch (opened.kind) {
    case 'in_flight':
    // Bound by a later release, or anew between two looks: open, and not to be compared here and now.
    case 'other_version':
      return failure('idempotency_in_progress', { outcome: 'unknown', retryAfterSeconds: 1 })
    case 'mismatch':
      return failure('idempotency_key_reuse')
    case 'refused':
      return failure(refusalCodes[opened.by], {
        outcome: opened.resumed ? 'unknown' : 'not_sent',
        retryAfterSeconds: Math.max(1, Math.ceil(opened.retryAfterMs / 1000)),
      })
    case 'full':
    case 'unreachable':
      return failure('service_unavailable', { retryAfterSeconds: 1 })
  }
}
