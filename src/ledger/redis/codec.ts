import { type Charge, periodStart, type Standings } from '../../domain/limits.ts'
import { type FreshMeters, refusal, standingsOf } from '../../domain/meters.ts'
import type { EpochMs } from '../../domain/tenant.ts'
import type { Opened } from '../../ports.ts'
import { unpackAnswer } from '../packed-answer.ts'

/** What `openScript` answers: the kind, the server's own time, then the time it judged by and the meters. */
export type OpenReply = readonly [
  kind: string,
  serverTime: EpochMs,
  now: EpochMs,
  tenant: number,
  account: number,
  dayUsed: number,
  monthUsed: number,
  inFlight: number,
  share: number,
  contendedUntil: EpochMs,
  ...rest: readonly unknown[],
]

/** The meters of a reply, as the domain knows them. */
function metersOf(reply: OpenReply): FreshMeters {
  const [, , now, tenant, account, dayUsed, monthUsed, inFlight, share, contendedUntil] = reply
  return {
    tenant: { units: tenant, at: now },
    account: { units: account, at: now },
    share: { units: share, at: now },
    contendedUntil,
    // Of no account to a refusal.
    borrower: '',
    day: { start: periodStart('day', now), used: dayUsed },
    month: { start: periodStart('month', now), used: monthUsed },
    inFlight,
  }
}

export const standingsFrom = (reply: OpenReply, charge: Charge): Standings =>
  standingsOf(metersOf(reply), charge, reply[2])

/** What the reply means to the caller. Redis decides; what a refusal says is worked out from its meters here. */
export function openedFrom(reply: OpenReply, charge: Charge): Opened {
  const [kind, , now, , , , , , , , first, second] = reply
  const standings = standingsFrom(reply, charge)
  switch (kind) {
    case 'go':
      return { kind, resumed: first === 1, body: second == null ? undefined : String(second), standings }
    case 'replay':
      return { kind, answer: unpackAnswer(String(first)), standings }
    case 'in_flight':
      return { kind, leaseEndsAt: Number(first), standings }
    case 'mismatch':
      return { kind, standings }
    case 'other_version':
      return { kind, fingerprint: String(first), body: String(second), standings }
    case 'refused': {
      const why = refusal(metersOf(reply), charge, second === 1, now)
      if (why !== undefined) return { kind, ...why, resumed: first === 1, standings }
    }
  }
  throw new Error('the ledger script and the rules disagree')
}

/** The owner that a reply of the kind `in_flight` waits for. */
export const ownerIn = (reply: OpenReply): string => String(reply[11])
