/** Every seam of the gateway, types only. Adapters implement them, entry points compose them. */

import type { Answer } from './domain/answer.ts'
import type { GatewayEvent } from './domain/events.ts'
import type { Settlement } from './domain/ledger-rules.ts'
import type { Charge, Standings } from './domain/limits.ts'
import type { Refusal } from './domain/meters.ts'
import type { Credential, EpochMs } from './domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from './domain/upstream.ts'

/** Ports that may answer at once do not force a promise on the hot path. */
export type MaybePromise<T> = T | Promise<T>

export interface Clock {
  now(): EpochMs
  /** Milliseconds with fractions on a clock that only runs forward: for durations. */
  monotonic(): number
  sleep(ms: number): Promise<void>
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void
}

export interface Entropy {
  /** `<prefix>_` + 26 characters of Crockford base32, unique and hard to guess. */
  id(prefix: string): string
  /** A number from 0 (included) to 1 (excluded): for jitter, not for secrets. */
  unit(): number
}

/** Gives what goes on with many items together, soon; see `system/turn.ts`. */
export type Gather = <Item>(proceed: (item: Item) => void) => (item: Item) => void

/** Hashing: synchronous on Node, Web Crypto on Workers. */
export interface Digest {
  /** Lower-case hex SHA-256 of the UTF-8 bytes of `text`. */
  sha256(text: string): MaybePromise<string>
  /** Lower-case hex HMAC-SHA256 of `bytes` under `GATEWAY_SECRET`. */
  hmac(bytes: Uint8Array): MaybePromise<string>
}

export interface TenantDirectory {
  /** `hash`: lower-case hex SHA-256 of the presented key. Undefined: no such key. */
  byKeyHash(hash: string): MaybePromise<Credential | undefined>
}

/** The caller's idempotency key and what it is bound to. */
export interface Slot {
  readonly key: string
  /** Equal for requests that mean the same; begins with its version, see `domain/fingerprint.ts`. */
  readonly fingerprint: string
  /** The exact JSON text that goes upstream. Kept while the outcome is open: a retry must send the same bytes. */
  readonly body: string
  /** How long a caller waits for the answer of another request in flight under this key. */
  readonly waitMs: number
}

/** One request as the ledger sees it; the same object is given to `open` and to `settle`. */
export interface LedgerEntry {
  readonly account: string
  readonly tenant: string
  /** Unique per request: only the holder of the lease may settle. */
  readonly owner: string
  /** Longer than the upstream deadline, so that a lease that ended means a crashed owner. */
  readonly leaseMs: number
  readonly charge: Charge
  readonly slot?: Slot | undefined
}

export type Opened =
  /**
   * The caller owns the slot and is charged. `resumed`: an earlier attempt may have reached the upstream, and
   * `body` is what it sent.
   */
  | {
      readonly kind: 'go'
      readonly resumed: boolean
      readonly body?: string | undefined
      readonly standings: Standings
    }
  /** An answer that is kept, or that the owner in flight has just given. */
  | { readonly kind: 'replay'; readonly answer: Answer; readonly standings: Standings }
  /** Another request still holds the key after `slot.waitMs`. */
  | { readonly kind: 'in_flight'; readonly leaseEndsAt: EpochMs; readonly standings: Standings }
  | { readonly kind: 'mismatch'; readonly standings: Standings }
  /**
   * The key is bound under another version of the fingerprint, by a request with `body` whose outcome is open.
   * Nothing was charged. A request that means the same may be opened again under the `fingerprint` given here.
   */
  | {
      readonly kind: 'other_version'
      readonly fingerprint: string
      readonly body: string
      readonly standings: Standings
    }
  /** A limit is used up. `resumed`: an earlier attempt under this key may have reached the upstream. */
  | (Refusal & { readonly kind: 'refused'; readonly resumed: boolean; readonly standings: Standings })
  /** No room to keep a new record safely: nothing was charged, nothing may be sent. */
  | { readonly kind: 'full' }

export interface SettledOutcome {
  readonly settlement: Settlement
  readonly answer: Answer
  readonly giveBack: boolean
  /**
   * Tokens left to the account in the class of the charge, as the upstream counts them: the account's bucket is
   * lowered to it, never raised, after any charges came back.
   */
  readonly accountTokensLeft?: number | undefined
}

/**
 * Idempotency and quotas in ONE atomic step: a replay costs nothing, a refusal burns no key, a crash
 * leaks no charge. A rejected promise means that the ledger is out of reach.
 */
export interface Ledger {
  /** Asked again by an owner that holds its lease, it lets it go without charging twice. */
  open(entry: LedgerEntry): MaybePromise<Opened>
  /**
   * Ends the lease, hands `answer` to waiters, returns charges if `giveBack`.
   * Resolves to false when the lease was lost to another owner; then nothing has changed.
   */
  settle(entry: LedgerEntry, outcome: SettledOutcome): MaybePromise<boolean>
  /** What is left of the limits named by `charge`; charges nothing. */
  standings(entry: Pick<LedgerEntry, 'account' | 'tenant' | 'charge'>): MaybePromise<Standings>
  /** Whether `open` can be expected to work. */
  reachable(): MaybePromise<boolean>
}

/** Performs one call; never rejects: every failure is a result. */
export type UpstreamTransport = (call: UpstreamCall, deadline: EpochMs) => Promise<UpstreamResult>
export type UpstreamLayer = (next: UpstreamTransport) => UpstreamTransport

export interface Telemetry {
  record(event: GatewayEvent): void
}
