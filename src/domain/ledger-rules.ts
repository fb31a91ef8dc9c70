/**
 * What an idempotency record means for a request, and what it becomes. Pure, as `meters.ts` is, which holds the
 * limits: every ledger that can run TypeScript runs both; those that cannot are held to them by a differential test.
 */

import type { Answer } from './answer.ts'
import { versionOf } from './fingerprint.ts'
import type { Counted } from './meters.ts'
import type { EpochMs } from './tenant.ts'

/** A key stays bound for 24 h from the first send, as it does upstream (upstream contract §7). */
export const RETENTION_MS = 24 * 60 * 60 * 1000

/**
 * What becomes of the slot: `keep` the answer for 24 h from the first send; `unknown` leaves key and
 * fingerprint bound for a retry; `release` frees the key, or puts a resumed record back to `unknown`.
 */
export type Settlement = 'keep' | 'unknown' | 'release'

interface Bound {
  readonly fingerprint: string
  readonly firstSentAt: EpochMs
}

/** A record whose outcome is open keeps what it needs to be tried again (decision 0011). */
interface Open extends Bound {
  /** What the first attempt sent. Undefined: it was left by a release that kept no bodies. */
  readonly body: string | undefined
  readonly counted: Counted | undefined
}

export interface InFlight extends Open {
  readonly state: 'in_flight'
  readonly owner: string
  readonly leaseEndsAt: EpochMs
  /** An earlier attempt may have reached the upstream. */
  readonly resumed: boolean
}

export interface Unknown extends Open {
  readonly state: 'unknown'
}

export interface Settled extends Bound {
  readonly state: 'settled'
  readonly answer: Answer
}

export type SlotRecord = InFlight | Unknown | Settled

export type Meaning =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'resume'; readonly record: InFlight | Unknown }
  | { readonly kind: 'wait'; readonly leaseEndsAt: EpochMs }
  | { readonly kind: 'replay'; readonly answer: Answer }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'other_version'; readonly fingerprint: string; readonly body: string }

const FRESH: Meaning = { kind: 'fresh' }
const MISMATCH: Meaning = { kind: 'mismatch' }

export const hasExpired = (record: SlotRecord, now: EpochMs): boolean =>
  now >= record.firstSentAt + RETENTION_MS && !(record.state === 'in_flight' && record.leaseEndsAt > now)

/**
 * What the record under a key means for a request with `fingerprint`. Reuse wins over "in progress". Fingerprints of
 * two versions cannot be compared: an answer that is kept is given all the same, and what is open is handed out.
 */
export function meaning(record: SlotRecord | undefined, fingerprint: string, now: EpochMs): Meaning {
  if (record === undefined || hasExpired(record, now)) return FRESH
  const differs = record.fingerprint !== fingerprint
  if (differs && versionOf(record.fingerprint) === versionOf(fingerprint)) return MISMATCH
  if (record.state === 'settled') return { kind: 'replay', answer: record.answer }
  if (differs && record.body !== undefined) {
    return { kind: 'other_version', fingerprint: record.fingerprint, body: record.body }
  }
  if (record.state === 'in_flight' && record.leaseEndsAt > now) {
    return { kind: 'wait', leaseEndsAt: record.leaseEndsAt }
  }
  // Without a body there is nothing to compare with. The upstream, which knows the derived key, judges.
  return { kind: 'resume', record }
}

/** The record of a request that was admitted, fresh or resumed: it keeps the body of the first attempt. */
export function claim(
  earlier: InFlight | Unknown | undefined,
  slot: { readonly fingerprint: string; readonly body: string },
  owner: string,
  leaseMs: number,
  counted: Counted | undefined,
  now: EpochMs,
): InFlight {
  return {
    state: 'in_flight',
    fingerprint: slot.fingerprint,
    firstSentAt: earlier?.firstSentAt ?? now,
    body: earlier?.body ?? slot.body,
    owner,
    leaseEndsAt: now + leaseMs,
    resumed: earlier !== undefined,
    counted: earlier?.counted ?? counted,
  }
}

/** The record after its owner has settled; undefined: the key is free again. */
export function settled(record: InFlight, settlement: Settlement, answer: Answer): SlotRecord | undefined {
  const { fingerprint, firstSentAt, body, counted, resumed } = record
  if (settlement === 'keep') return { state: 'settled', fingerprint, firstSentAt, answer }
  // Releasing a resumed record would forget that its first attempt may have been sent.
  if (settlement === 'unknown' || resumed)
    return { state: 'unknown', fingerprint, firstSentAt, body, counted }
  return undefined
}

/** Whether giving back the charges includes the message: not while an earlier attempt may have sent it. */
export const returnsMessage = (settlement: Settlement, resumed: boolean): boolean =>
  settlement === 'keep' || !resumed
