import type { Answer } from '../../domain/answer.ts'
import { type Charge, periodStart, type Standings } from '../../domain/limits.ts'
import { type FreshMeters, refusal, standingsOf } from '../../domain/meters.ts'
import type { EpochMs } from '../../domain/tenant.ts'
import type { Opened } from '../../ports.ts'

/** An answer as it is kept: its fields as a JSON list, a line end, and the body as it is. */
export function packAnswer(answer: Answer): string {
  const { status, body, code, outcome, retryAfterSeconds, upstreamRequestId } = answer
  const fields = [status, code, outcome, retryAfterSeconds, upstreamRequestId]
  while (fields.at(-1) === undefined) fields.pop()
  return `${JSON.stringify(fields)}\n${body}`
}

export function unpackAnswer(packed: string): Answer {
  const end = packed.indexOf('\n')
  const [status, code, outcome, retryAfterSeconds, upstreamRequestId] = JSON.parse(packed.slice(0, end))
  return {
    status,
    body: packed.slice(end + 1),
    ...(code != null && { code }),
    ...(outcome != null && { outcome }),
    ...(retryAfterSeconds != null && { retryAfterSeconds }),
    ...(upstreamRequestId != null && { upstreamRequestId }),
  }
}

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
