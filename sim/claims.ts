import { FINGERPRINT_VERSION } from '../src/domain/fingerprint.ts'
import { periodStart } from '../src/domain/limits.ts'
import type { LedgerEntry, Opened, SettledOutcome } from '../src/ports.ts'
import { DAY } from './plan.ts'
import { type Claim, type Counted, hasSent, invariants, type Subject, type Truth } from './truth.ts'
import type { World } from './world.ts'

/** Follows what the ledger does with keys and message counts, by what its answers say, not by its code. */
export interface Claims {
  opened(entry: LedgerEntry, opened: Opened, ledgerNow: number): void
  settled(entry: LedgerEntry, outcome: SettledOutcome, held: boolean): void
  /** Messages of the tenant that were counted in the day or month and not given back. */
  counted(tenant: string, start: number, period: 'day' | 'month'): number
  /** A ledger that dies with its process. */
  forget(): void
}

export const isLive = (claim: Claim, ledgerNow: number): boolean => ledgerNow < claim.startedAt + DAY

export function createClaims(world: World, truth: Truth, localLimits: boolean): Claims {
  const counts = new Map<string, number>()

  const count = (tenant: string, { day, month }: Counted, by: 1 | -1): void => {
    for (const name of [`${tenant} day ${day}`, `${tenant} month ${month}`]) {
      counts.set(name, (counts.get(name) ?? 0) + by)
    }
  }
  const countNow = (tenant: string, now: number): Counted => {
    const counted = { day: periodStart('day', now), month: periodStart('month', now) }
    count(tenant, counted, 1)
    return counted
  }

  const claimed = (subject: Subject, entry: LedgerEntry, resumed: boolean, now: number): void => {
    const { claim } = subject
    if (claim !== undefined && claim.owner === entry.owner) {
      // Asked again when its own lease was over, it resumes its own claim.
      claim.resumed ||= resumed
      return
    }
    if (resumed && claim !== undefined) {
      claim.owner = entry.owner
      claim.resumed = true
      return
    }
    if (claim !== undefined && isLive(claim, now) && hasSent(subject, claim)) {
      world.violate(
        invariants.notSent,
        'the key is free again although a message was sent under it',
        subject.name,
      )
    }
    const counted = entry.charge.message && countNow(entry.tenant, now)
    // Not by whose process: the next release opens a key as it is bound.
    const { fingerprint = '' } = entry.slot ?? {}
    const byNext = !fingerprint.startsWith(`${FINGERPRINT_VERSION}:`)
    subject.claim = { startedAt: now, owner: entry.owner, resumed, refused: false, counted, byNext }
  }

  const ended = (subject: Subject, claim: Claim, { settlement, giveBack }: SettledOutcome): void => {
    if (settlement === 'unknown' || (settlement === 'release' && claim.resumed)) return
    if (!giveBack) return
    if (hasSent(subject, claim)) {
      world.violate(invariants.notSent, 'the ledger is told so although a message was sent', subject.name)
    }
    if (claim.counted) count(subject.tenant, claim.counted, -1)
    claim.counted = undefined
    if (settlement === 'release') subject.claim = undefined
    else claim.refused = true
  }

  return {
    opened(entry, opened, ledgerNow) {
      const owner = truth.owner(entry.owner)
      if (opened.kind !== 'go' || owner === undefined) return
      if (entry.slot !== undefined) claimed(owner.subject, entry, opened.resumed, ledgerNow)
      else if (entry.charge.message && ledgerNow >= owner.leaseEndsAt) {
        // Asked again after its lease has ended, it is another request to the ledger.
        owner.counted = countNow(entry.tenant, ledgerNow)
        owner.leaseEndsAt = ledgerNow + entry.leaseMs
      }
    },

    settled(entry, outcome, held) {
      const owner = truth.owner(entry.owner)
      if (!held || owner === undefined) return
      const { subject } = owner
      if (entry.slot === undefined) {
        if (!outcome.giveBack) return
        // With local limits a claim that was lost is taken back, and the request goes on without it.
        if (!localLimits) {
          if (subject.messages.length > 0) {
            world.violate(
              invariants.notSent,
              'the ledger is told so although a message was sent',
              subject.name,
            )
          }
          owner.sworn = true
        }
        if (owner.counted) count(entry.tenant, owner.counted, -1)
        owner.counted = undefined
        return
      }
      const { claim } = subject
      if (claim === undefined || claim.owner !== entry.owner) {
        const detail = `${entry.owner} settles what ${claim?.owner ?? 'nobody'} holds`
        return world.violate(invariants.owner, detail, subject.name)
      }
      if (outcome.giveBack) owner.sworn = true
      ended(subject, claim, outcome)
    },

    counted: (tenant, start, period) => counts.get(`${tenant} ${period} ${start}`) ?? 0,

    forget() {
      counts.clear()
      truth.forget()
    },
  }
}
