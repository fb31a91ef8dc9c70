import { type Answer, render } from '../domain/answer.ts'
import { elapsedMs } from '../domain/events.ts'
import { isOfLaterRelease } from '../domain/fingerprint.ts'
import { type Judgement, judge, type Operation } from '../domain/judge.ts'
import type { Standings } from '../domain/limits.ts'
import { type Account, holdsToken } from '../domain/tenant.ts'
import type { UpstreamCall, UpstreamHeaders, UpstreamResult } from '../domain/upstream.ts'
import type {
  Clock,
  Ledger,
  LedgerEntry,
  MaybePromise,
  Opened,
  SettledOutcome,
  Telemetry,
  UpstreamTransport,
} from '../ports.ts'
import { chain, isPending } from './chain.ts'
import { type Reply, turnedAway, type Unreachable } from './reply.ts'

export interface ExchangePorts {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly transport: UpstreamTransport
  readonly telemetry: Telemetry
  /** All upstream work of one request ends within this. */
  readonly timeoutMs: number
}

export interface Asked {
  readonly operation: Operation
  readonly entry: LedgerEntry
  readonly account: Account
  /** Built only when the ledger lets the request go; `body` is that of an earlier attempt, which goes again as it is. */
  readonly call: (body: string | undefined) => MaybePromise<UpstreamCall>
  /** Whether the request means the same as one that has gone upstream with `body`; absent: no key, no need to ask. */
  readonly matches?: (body: string) => MaybePromise<boolean>
}

/** A lease outlives the deadline by this, so that only a crashed owner can lose it. */
const LEASE_MARGIN_MS = 10_000
export const leaseMs = (timeoutMs: number): number => timeoutMs + LEASE_MARGIN_MS

/**
 * The line that every relayed request takes: open the ledger, call the upstream, judge, settle, render.
 * A throw between open and settle leaves the record to its lease, which is the safe reading.
 */
export function exchange(ports: ExchangePorts, asked: Asked): MaybePromise<Reply> {
  const { entry } = asked
  return chain(openLedger(ports, entry), (opened) =>
    opened.kind === 'other_version'
      ? openAsBound(ports, asked, opened).then((bound) => proceed(ports, asked, bound.entry, bound.opened))
      : proceed(ports, asked, entry, opened),
  )
}

/** What follows on `opened`; `entry` is what was opened. */
function proceed(
  ports: ExchangePorts,
  asked: Asked,
  entry: LedgerEntry,
  opened: Opened | Unreachable,
): MaybePromise<Reply> {
  if (opened.kind !== 'go') return turnedAway(opened, entry.owner, entry.slot !== undefined)
  const { clock, transport, timeoutMs } = ports
  return chain(asked.call(opened.body), (call) => {
    const began = clock.monotonic()
    return transport(call, clock.now() + timeoutMs).then((result) =>
      conclude(ports, asked, entry, opened, result, elapsedMs(began, clock.monotonic())),
    )
  })
}

/** The reply to a request that was let go and had `result`. */
function conclude(
  ports: ExchangePorts,
  { operation, account }: Asked,
  entry: LedgerEntry,
  { resumed, standings }: Extract<Opened, { kind: 'go' }>,
  result: UpstreamResult,
  upstreamMs: number,
): MaybePromise<Reply> {
  const { clock, telemetry } = ports
  const requestId = entry.owner
  const judged = judge(result, { operation, resumed, account, now: clock.now() })
  if (judged.credentialsRefused)
    telemetry.record({ event: 'upstream_auth_failed', account: account.id, requestId })

  const headers = result.kind === 'answered' ? result.headers : noHeaders
  const answer = render(judged.verdict, requestId, shownId(headers.requestId, account))
  const replayed = entry.slot === undefined ? undefined : headers.replayed === 'true'
  return chain(settleLedger(ports, entry, outcomeOf(judged, answer, headers)), (anew) => ({
    answer,
    standings: anew ?? standings,
    replayed,
    upstreamMs,
  }))
}

const noHeaders: UpstreamHeaders = {}

/** The upstream's request id goes into a header and the log, so it must be nothing but an id. */
const shownId = (id: string | undefined, account: Account): string | undefined =>
  id === undefined || holdsToken(account, id) ? undefined : id

/** What the ledger is told; the upstream's count of tokens belongs to the account and goes no further. */
const outcomeOf = (
  { settlement, giveBack }: Judgement,
  answer: Answer,
  { tokensLeft }: UpstreamHeaders,
): SettledOutcome => ({
  settlement,
  answer,
  giveBack,
  accountTokensLeft: tokensLeft,
})

type Unbound = Extract<Opened, { kind: 'other_version' }>

/**
 * A key that another release has bound under its own fingerprint is opened under that one when the request means
 * the same; the entry that was let go is given back, since it must be settled. Only of what an earlier release has
 * normalised can be said for certain that it means something else (decision 0011): while releases run side by side,
 * a later one may have written what this one cannot read.
 */
async function openAsBound(
  ports: ExchangePorts,
  { entry, matches }: Asked,
  opened: Unbound,
): Promise<{ entry: LedgerEntry; opened: Opened | Unreachable }> {
  const { slot } = entry
  if (slot === undefined || !(await matches?.(opened.body))) {
    const isCertain = !isOfLaterRelease(opened.fingerprint)
    return { entry, opened: isCertain ? { ...opened, kind: 'mismatch' } : opened }
  }
  const asBound = { ...entry, slot: { ...slot, fingerprint: opened.fingerprint } }
  return { entry: asBound, opened: await openLedger(ports, asBound) }
}

function openLedger(ports: ExchangePorts, entry: LedgerEntry): MaybePromise<Opened | Unreachable> {
  const { ledger, telemetry } = ports
  const unreachable = (): Unreachable => {
    telemetry.record({ event: 'ledger_failed', verb: 'open', requestId: entry.owner })
    return { kind: 'unreachable' }
  }
  try {
    const opening = ledger.open(entry)
    return isPending(opening) ? opening.catch(unreachable) : opening
  } catch {
    return unreachable()
  }
}

/**
 * Settling never changes the answer: what the upstream said stands, and an open lease ends by itself.
 * Gives the standings anew when charges came back.
 */
function settleLedger(
  ports: ExchangePorts,
  entry: LedgerEntry,
  outcome: SettledOutcome,
): MaybePromise<Standings | undefined> {
  const { ledger, telemetry } = ports
  const failed = (): undefined => {
    telemetry.record({ event: 'ledger_failed', verb: 'settle', requestId: entry.owner })
  }
  const settled = (held: boolean): MaybePromise<Standings | undefined> => {
    if (!held) telemetry.record({ event: 'lease_lost', requestId: entry.owner })
    return outcome.giveBack ? standingsAnew(ledger, entry) : undefined
  }
  try {
    const settling = ledger.settle(entry, outcome)
    return isPending(settling) ? settling.then(settled, failed) : settled(settling)
  } catch {
    return failed()
  }
}

async function standingsAnew(ledger: Ledger, entry: LedgerEntry): Promise<Standings | undefined> {
  try {
    return await ledger.standings(entry)
  } catch {
    return undefined
  }
}
