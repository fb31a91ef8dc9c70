import type { Answer } from '../src/domain/answer.ts'
import { createMemoryLedger } from '../src/ledger/memory.ts'
import type { Clock, Ledger, LedgerEntry, MaybePromise, Opened, SettledOutcome } from '../src/ports.ts'
import type { Claims } from './claims.ts'
import { invariants, type Truth } from './truth.ts'
import type { World } from './world.ts'

/** The book of rules over the memory store, with a clock of its own: what happens here happens at once. */
export interface LedgerServer {
  readonly clock: Clock
  open(entry: LedgerEntry): MaybePromise<Opened>
  settle(entry: LedgerEntry, outcome: SettledOutcome): boolean
  standings(entry: Pick<LedgerEntry, 'account' | 'tenant' | 'charge'>): ReturnType<Ledger['standings']>
  /** The owner that holds the key, as far as is known. */
  ownerOf(entry: LedgerEntry): string
  /** What `owner` has left for those who wait, if it was not kept. */
  leftBy(entry: LedgerEntry, owner: string): Answer | undefined
}

/** How long an answer that is not kept stays for those who wait (`ledger/redis/lua-settle.ts`). */
const LEFT_MS = 10_000

/** A token of the upstream in a ledger would be one at rest. */
const holdsSecret = (text: string | undefined): boolean => text?.includes('CANARY') === true

export function createLedgerServer(world: World, truth: Truth, claims: Claims, clock: Clock): LedgerServer {
  const telemetry = { record: () => {} }
  const book = createMemoryLedger({ clock, telemetry, maxSettled: 64 })
  const left = new Map<string, { owner: string; answer: Answer; until: number }>()
  const nameOf = ({ tenant, slot }: LedgerEntry): string => `${tenant}/${slot?.key}`

  const keepSecret = (entry: LedgerEntry, answer?: Answer): void => {
    if (
      holdsSecret(entry.slot?.body) ||
      holdsSecret(answer?.body) ||
      holdsSecret(answer?.upstreamRequestId)
    ) {
      world.violate(invariants.envelope, 'a token comes to the ledger', nameOf(entry))
    }
  }
  const note = (entry: LedgerEntry, what: () => string): void =>
    world.note('ledger', truth.owner(entry.owner)?.subject.name, () => `${entry.owner} ${what()}`)

  /** Who waits looks every second: the first look is worth a line. */
  const waiting = new Set<string>()
  const noteOpened = (entry: LedgerEntry, opened: Opened): void => {
    if (opened.kind !== 'in_flight' || !waiting.has(entry.owner)) note(entry, () => `opens: ${shown(opened)}`)
    if (opened.kind === 'in_flight') waiting.add(entry.owner)
  }

  return {
    clock,

    open(entry) {
      keepSecret(entry)
      const told = (opened: Opened): Opened => {
        claims.opened(entry, opened, clock.now())
        world.tally(`open: ${opened.kind}${opened.kind === 'go' && opened.resumed ? ', resumed' : ''}`)
        noteOpened(entry, opened)
        return opened
      }
      const opened = book.open(entry)
      return opened instanceof Promise ? opened.then(told) : told(opened)
    },

    settle(entry, outcome) {
      keepSecret(entry, outcome.answer)
      const held = book.settle(entry, outcome)
      if (typeof held !== 'boolean') throw new Error('the book answers at once')
      claims.settled(entry, outcome, held)
      world.tally(held ? `settle: ${outcome.settlement}` : 'settle: lost')
      note(entry, () => `settles: ${outcome.settlement}${held ? '' : ', but has lost its lease'}`)
      if (held && entry.slot !== undefined && outcome.settlement !== 'keep' && outcome.answer.body !== '') {
        left.set(nameOf(entry), { owner: entry.owner, answer: outcome.answer, until: clock.now() + LEFT_MS })
      }
      return held
    },

    standings: (entry) => book.standings(entry),

    ownerOf: (entry) => truth.owner(entry.owner)?.subject.claim?.owner ?? '',

    leftBy(entry, owner) {
      const found = left.get(nameOf(entry))
      return found !== undefined && found.owner === owner && clock.now() < found.until
        ? found.answer
        : undefined
    },
  }
}

const shown = (opened: Opened): string => {
  if (opened.kind === 'go') return opened.resumed ? 'go, resumed' : 'go'
  if (opened.kind === 'refused') return `refused by ${opened.by}`
  return opened.kind === 'replay' ? `replay of ${opened.answer.status}` : opened.kind
}
