/**
 * A circuit breaker as a pure reducer. Times are ms on a clock that only runs forward.
 * Closed: all calls pass and their results are counted. Open: none pass. Half-open: a few probes pass.
 */

import type { UpstreamResult } from './upstream.ts'
import { errorMeaningOf } from './upstream-meaning.ts'

const BUCKET_MS = 1000
const WINDOW_BUCKETS = 10
const LEAST_RESULTS = 20
const FAILING_SHARE = 0.5
const FIRST_OPEN_MS = 1000
const MAX_OPEN_MS = 60_000
const PROBES_AT_ONCE = 3
const SUCCESSES_TO_CLOSE = 3
/** A probe that never reports gives its place back after this. */
const PROBE_MS = 60_000
/** How long the breaker must have been closed before it forgets how long it was open. */
const QUIET_MS = 60_000
/** When all places of probes are taken: one may be free this soon. */
const PROBE_RETRY_MS = 1000

/** Results that came in one second. */
interface Bucket {
  readonly nth: number
  readonly good: number
  readonly bad: number
}

interface Closed {
  readonly kind: 'closed'
  /** Counts the changes: the report of a call that was let through before the last one says nothing. */
  readonly era: number
  readonly window: readonly Bucket[]
  /** Absent: never open so far. */
  readonly earlier?: { readonly openMs: number; readonly closedAt: number } | undefined
}

interface Open {
  readonly kind: 'open'
  readonly era: number
  readonly openMs: number
  readonly until: number
}

interface HalfOpen {
  readonly kind: 'half_open'
  readonly era: number
  readonly openMs: number
  readonly successes: number
  /** When the places of the probes under way fall free by themselves. */
  readonly probes: readonly number[]
}

export type BreakerState = Closed | Open | HalfOpen

export const newBreaker: BreakerState = { kind: 'closed', era: 0, window: [] }

/** Handed to a call that was let through, and back with its result. */
export interface Ticket {
  readonly era: number
  readonly probeUntil?: number
}

export type Asked =
  | { readonly state: BreakerState; readonly ticket: Ticket }
  | { readonly state: BreakerState; readonly ticket?: never; readonly retryAfterMs: number }

/** A call asks to be let through. */
export function ask(state: BreakerState, at: number): Asked {
  if (state.kind === 'closed') return { state, ticket: { era: state.era } }
  if (state.kind === 'open') {
    if (at < state.until) return { state, retryAfterMs: state.until - at }
    const { era, openMs } = state
    return ask({ kind: 'half_open', era: era + 1, openMs, successes: 0, probes: [] }, at)
  }
  const probes = state.probes.filter((until) => until > at)
  if (probes.length >= PROBES_AT_ONCE) return { state, retryAfterMs: PROBE_RETRY_MS }
  const probeUntil = at + PROBE_MS
  return {
    state: { ...state, probes: [...probes, probeUntil] },
    ticket: { era: state.era, probeUntil },
  }
}

/** What a result says of the upstream's health. `neutral`: nothing. */
export type Health = 'success' | 'failure' | 'neutral'

/** A call that was let through reports. */
export function report(
  state: BreakerState,
  { era, probeUntil }: Ticket,
  health: Health,
  at: number,
): BreakerState {
  if (era !== state.era) return state
  if (state.kind === 'closed') return health === 'neutral' ? state : counted(state, health, at)
  if (state.kind === 'open') return state
  if (health === 'failure') return opened(state, Math.min(MAX_OPEN_MS, state.openMs * 2), at)
  const probes = without(state.probes, probeUntil)
  if (health === 'neutral') return { ...state, probes }
  const successes = state.successes + 1
  if (successes < SUCCESSES_TO_CLOSE) return { ...state, probes, successes }
  const earlier = { openMs: state.openMs, closedAt: at }
  return { kind: 'closed', era: state.era + 1, window: [], earlier }
}

function counted(state: Closed, health: 'success' | 'failure', at: number): BreakerState {
  const nth = Math.floor(at / BUCKET_MS)
  const window: Bucket[] = []
  let current: Bucket = { nth, good: health === 'success' ? 1 : 0, bad: health === 'failure' ? 1 : 0 }
  let results = 1
  let failures = current.bad
  for (const bucket of state.window) {
    if (bucket.nth <= nth - WINDOW_BUCKETS) continue
    results += bucket.good + bucket.bad
    failures += bucket.bad
    if (bucket.nth !== nth) window.push(bucket)
    else current = { nth, good: current.good + bucket.good, bad: current.bad + bucket.bad }
  }
  window.push(current)
  if (results < LEAST_RESULTS || failures < results * FAILING_SHARE)
    return { kind: 'closed', era: state.era, window, earlier: state.earlier }
  const { earlier } = state
  const isQuiet = earlier === undefined || at - earlier.closedAt >= QUIET_MS
  return opened(state, isQuiet ? FIRST_OPEN_MS : earlier.openMs, at)
}

const opened = ({ era }: BreakerState, openMs: number, at: number): Open => ({
  kind: 'open',
  era: era + 1,
  openMs,
  until: at + openMs,
})

/** `list` without one element that equals `one`, if it is there. */
function without(list: readonly number[], one: number | undefined): readonly number[] {
  const at = one === undefined ? -1 : list.indexOf(one)
  return at === -1 ? list : list.toSpliced(at, 1)
}

/**
 * Failures are those of the upstream or of the way to it. What it says about tokens, rates and single messages
 * shows that it is alive, or nothing.
 */
export function healthOf(result: UpstreamResult): Health {
  if (result.kind === 'unknown') return 'failure'
  if (result.kind === 'not_sent') {
    return result.reason === 'cannot_connect' || result.reason === 'connection_closed' ? 'failure' : 'neutral'
  }
  const meaning = errorMeaningOf(result)?.kind
  if (meaning === 'credential' || meaning === 'throttled') return 'neutral'
  if (result.status >= 500) return meaning === 'permanent' ? 'success' : 'failure'
  return result.status === 403 && meaning === 'number' ? 'neutral' : 'success'
}
