/** What can go wrong with one step, each with a chance of its own in every schedule. */
export const faults = [
  // On the way to the upstream.
  'refused',
  'reset_before',
  'stuck_before',
  'reset_after',
  'answer_lost',
  'answer_late',
  // In the upstream.
  'error_before',
  'error_after',
  'unavailable',
  'throttled',
  'unauthorized',
  'garbage',
  'hang',
  'slow',
  // On the way to the ledger.
  'ledger_request_lost',
  'ledger_reply_lost',
  'ledger_slow',
  // In the gateway.
  'crash',
] as const
export type Fault = (typeof faults)[number]

/** `redis` and `object` are links to one shared ledger by the manners of these adapters; `memory` is a process' own. */
export type LedgerManner = 'redis' | 'object' | 'memory'

export type Role =
  /** Repeats until it has a final answer. */
  | 'patient'
  /** The same, and hangs up now and then before it has one. */
  | 'impatient'
  /** Stops after a few attempts. */
  | 'gives_up'

export interface Caller {
  readonly role: Role
  readonly startsAt: number
  /** Which of the texts of the job it sends: 0 but for one that uses a key twice. */
  readonly variant: number
}

/** One message that somebody wants to send, and all who ask for it. */
export interface Job {
  readonly tenant: string
  /** Undefined: sent without a key. */
  readonly key: string | undefined
  /** The upstream refuses it for good. */
  readonly isRefused: boolean
  readonly callers: readonly Caller[]
}

export type Incident =
  | { readonly kind: 'crash'; readonly at: number; readonly replica: number }
  | { readonly kind: 'pause'; readonly at: number; readonly replica: number; readonly forMs: number }
  | { readonly kind: 'ledger_outage'; readonly at: number; readonly forMs: number }
  | { readonly kind: 'upstream_outage'; readonly at: number; readonly forMs: number }
  /** The sending number is not to be found for a while, whatever the key. */
  | { readonly kind: 'number_gone'; readonly at: number; readonly forMs: number }
  | { readonly kind: 'token_revoked'; readonly at: number }
  /** The replica loads config `version`. */
  | { readonly kind: 'reload'; readonly at: number; readonly replica: number; readonly version: number }
  /** The replica's process is replaced by one of the next release. */
  | { readonly kind: 'deploy'; readonly at: number; readonly replica: number }

export interface Limits {
  readonly tenantPerMinute: number
  readonly accountPerMinute: number
  readonly perDay: number | undefined
  readonly perMonth: number | undefined
  readonly maxConcurrent: number
}

export interface Plan {
  /** Epoch ms at which the schedule begins. */
  readonly epoch: number
  readonly ledger: LedgerManner
  readonly localLimits: boolean
  readonly replicas: number
  readonly tenants: readonly string[]
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly upstream: {
    /** It knows keys for 24 h, with the answers it gave to them. */
    readonly dedupes: boolean
    /** It looks for the number before it looks at the key. */
    readonly numberFirst: boolean
    readonly perMinute: number
  }
  readonly rates: Readonly<Record<Fault, number>>
  /** From then on nothing fails. */
  readonly calmFrom: number
  readonly incidents: readonly Incident[]
  readonly jobs: readonly Job[]
  /** Of the config at the start, and after a reload. */
  readonly limits: readonly [Limits, Limits]
  readonly rotates: boolean
  readonly deploys: boolean
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
