import type { InFlight, SlotRecord, Unknown } from '../domain/ledger-rules.ts'
import { claim, meaning, returnsMessage, settled } from '../domain/ledger-rules.ts'
import type { Charge, Standings } from '../domain/limits.ts'
import type { Counted, FreshMeters, Meters } from '../domain/meters.ts'
import { charged, lowered, refresh, refunded, refusal, refusedBy, standingsOf } from '../domain/meters.ts'
import type { EpochMs } from '../domain/tenant.ts'
import type { Clock, Ledger, LedgerEntry, Opened, SettledOutcome } from '../ports.ts'
import { createWaiters } from './waiters.ts'

/** A request under way, counted against `maxConcurrent`. */
export interface Lease {
  readonly endsAt: EpochMs
  readonly counted: Counted | undefined
}

/** Who is asking: rows of a store are found by these. */
export type Whose = Pick<LedgerEntry, 'account' | 'tenant'>

/** What a book is written in. Synchronous, so that a step is one piece whatever runs beside it. */
export interface LedgerStore {
  record(tenant: string, key: string): SlotRecord | undefined
  /** Whether one more live record may be taken in at `now`. */
  hasRoom(now: EpochMs): boolean
  /** Writes `record` over `before`, which is what stands there. */
  write(tenant: string, key: string, record: SlotRecord, before: SlotRecord | undefined): void
  erase(tenant: string, key: string): void
  /** `inFlight` may count leases that are over at `now`, while they are fewer than the limit. */
  meters(whose: Whose, charge: Charge, now: EpochMs): Meters
  writeMeters(whose: Whose, rateClass: Charge['class'], meters: FreshMeters): void
  lease(tenant: string, owner: string): Lease | undefined
  writeLease(tenant: string, owner: string, lease: Lease): void
  eraseLease(tenant: string, owner: string): void
}

/**
 * A ledger kept by the domain's rules in a synchronous store: all that memory and Durable Object share.
 * `atomically` runs a step so that it happens as a whole or not at all.
 */
export function createBook(
  store: LedgerStore,
  clock: Clock,
  atomically: <T>(step: () => T) => T = (step) => step(),
): Ledger {
  const waiters = createWaiters(clock)

  const metersAt = (whose: Whose, charge: Charge, now: EpochMs): FreshMeters =>
    refresh(store.meters(whose, charge, now), charge, now)

  /** `open` without waiting. */
  const step = (entry: LedgerEntry): Opened => {
    const now = clock.now()
    const { tenant, owner, leaseMs, charge, slot } = entry
    const meters = metersAt(entry, charge, now)

    // Asked again by the same owner: its first answer was lost on the way. It is not charged twice.
    if (isHeld(store.lease(tenant, owner), now)) {
      const record = slot && store.record(tenant, slot.key)
      const resumed = record?.state === 'in_flight' && record.resumed ? record : undefined
      return go(resumed, standingsOf(meters, charge, now))
    }

    let before: SlotRecord | undefined
    let earlier: InFlight | Unknown | undefined
    if (slot !== undefined) {
      before = store.record(tenant, slot.key)
      const means = meaning(before, slot.fingerprint, now)
      const standings = () => standingsOf(meters, charge, now)
      if (means.kind === 'mismatch' || means.kind === 'other_version')
        return { ...means, standings: standings() }
      if (means.kind === 'replay') return { kind: 'replay', answer: means.answer, standings: standings() }
      if (means.kind === 'wait') {
        return { kind: 'in_flight', leaseEndsAt: means.leaseEndsAt, standings: standings() }
      }
      if (means.kind === 'resume') earlier = means.record
      else if (!store.hasRoom(now)) return { kind: 'full' }
    }

    const resumed = earlier !== undefined
    // A message that is resumed was counted by its first attempt.
    const isMessage = charge.message !== undefined && earlier?.counted === undefined
    const refused = refusal(meters, charge, isMessage, now)
    if (refused) {
      const noticed = refusedBy(refused.by, meters, charge, tenant, now)
      if (noticed !== meters) store.writeMeters(entry, charge.class, noticed)
      return { kind: 'refused', ...refused, resumed, standings: standingsOf(meters, charge, now) }
    }

    const after = charged(meters, charge, tenant, isMessage, now)
    store.writeMeters(entry, charge.class, after)
    const counted = isMessage ? { day: after.day.start, month: after.month.start } : undefined
    store.writeLease(tenant, owner, { endsAt: now + leaseMs, counted })
    if (slot !== undefined) {
      store.write(tenant, slot.key, claim(earlier, slot, owner, leaseMs, counted, now), before)
    }
    return go(earlier, standingsOf(after, charge, now))
  }

  /** Waits for the owner's answer; takes over when its lease ends first. */
  const waitForOwner = async (entry: LedgerEntry, key: string, waitMs: number): Promise<Opened> => {
    const until = clock.now() + waitMs
    for (;;) {
      const opened = atomically(() => step(entry))
      const left = until - clock.now()
      if (opened.kind !== 'in_flight' || left <= 0) return opened
      const lapses = opened.leaseEndsAt - clock.now()
      const answer = await waiters.wait(rowKey(entry.tenant, key), Math.min(left, lapses))
      if (answer !== undefined) return { kind: 'replay', answer, standings: opened.standings }
    }
  }

  /** What comes back if the charges do; undefined: the lease was lost. */
  const release = (entry: LedgerEntry, outcome: SettledOutcome): { counted?: Counted } | undefined => {
    const { tenant, owner, slot } = entry
    const lease = store.lease(tenant, owner)
    store.eraseLease(tenant, owner)
    if (slot === undefined) {
      if (!isHeld(lease, clock.now())) return undefined
      return lease.counted ? { counted: lease.counted } : {}
    }

    const record = store.record(tenant, slot.key)
    if (record?.state !== 'in_flight' || record.owner !== owner) return undefined
    const next = settled(record, outcome.settlement, outcome.answer)
    if (next === undefined) store.erase(tenant, slot.key)
    else store.write(tenant, slot.key, next, record)
    return record.counted && returnsMessage(outcome.settlement, record.resumed)
      ? { counted: record.counted }
      : {}
  }

  /** Charges come back, and the account's bucket is brought down to what the upstream counts. */
  const adjust = (entry: LedgerEntry, outcome: SettledOutcome, counted: Counted | undefined): void => {
    const { giveBack, accountTokensLeft = Number.POSITIVE_INFINITY } = outcome
    if (!giveBack && accountTokensLeft === Number.POSITIVE_INFINITY) return
    const { charge } = entry
    const before = metersAt(entry, charge, clock.now())
    const after = lowered(giveBack ? refunded(before, charge, counted) : before, accountTokensLeft)
    if (after !== before) store.writeMeters(entry, charge.class, after)
  }

  return {
    open(entry) {
      const opened = atomically(() => step(entry))
      if (opened.kind !== 'in_flight' || entry.slot === undefined || entry.slot.waitMs <= 0) return opened
      return waitForOwner(entry, entry.slot.key, entry.slot.waitMs)
    },

    settle(entry, outcome) {
      const held = atomically(() => {
        const released = release(entry, outcome)
        if (released === undefined) return false
        adjust(entry, outcome, released.counted)
        return true
      })
      if (held && entry.slot !== undefined) waiters.wake(rowKey(entry.tenant, entry.slot.key), outcome.answer)
      return held
    },

    standings({ account, tenant, charge }) {
      const now = clock.now()
      return standingsOf(metersAt({ account, tenant }, charge, now), charge, now)
    },

    reachable: () => true,
  }
}

/** `earlier`: what is resumed. The body of its first attempt goes out again. */
const go = (earlier: InFlight | Unknown | undefined, standings: Standings): Opened => ({
  kind: 'go',
  resumed: earlier !== undefined,
  body: earlier?.body,
  standings,
})

/** A lease that has ended may still stand in the store: it counts for nothing. */
const isHeld = (lease: Lease | undefined, now: EpochMs): lease is Lease =>
  lease !== undefined && lease.endsAt > now

/** One name for tenant and client key. Neither can hold a blank: ids are `[a-z0-9_-]`, keys are visible ASCII. */
export const rowKey = (tenant: string, key: string): string => `${tenant} ${key}`
