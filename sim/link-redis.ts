import { type OpenReply, ownerIn } from '../src/ledger/redis/codec.ts'
import type { Connection } from '../src/ledger/redis/connection.ts'
import { createRetries } from '../src/ledger/redis/retries.ts'
import { waitForOwner } from '../src/ledger/redis/waiting.ts'
import { createWakeUps } from '../src/ledger/redis/wake-ups.ts'
import type { Ledger, LedgerEntry, MaybePromise, Opened, SettledOutcome } from '../src/ports.ts'
import type { LedgerNetwork } from './ledger-network.ts'
import type { LedgerServer } from './ledger-server.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

const COMMAND_TIMEOUT_MS = 1500

/** The command has certainly not reached the ledger. */
class NotSent extends Error {}

/** A reply as the script gives it, and what it says. */
type Look = { readonly reply: OpenReply; readonly opened: Opened | undefined }

/**
 * The manners of `ledger/redis.ts` over the model of a ledger: commands with a timeout and a deadline at the server,
 * claims of unknown fate taken back and settlements repeated in the background, waiting by looking again. Retries,
 * waiting and wake-ups are the adapter's own code.
 */
export function createRedisLink(
  world: World,
  process: Process,
  server: LedgerServer,
  network: LedgerNetwork,
): Ledger {
  const { clock } = process
  let downUntil = 0
  const isUp = (): boolean => world.now() >= downUntil && !(downUntil > 0 && network.isDown())

  const command = <T>(effect: () => MaybePromise<T>, owner?: string): Promise<T> =>
    new Promise((resolve, reject) => {
      if (process.mayDie()) return
      if (!isUp()) {
        network.notAsked(owner)
        return reject(new NotSent())
      }
      let over = false
      const cancel = clock.after(COMMAND_TIMEOUT_MS, () => {
        over = true
        // The link is broken with it; another one takes a moment.
        downUntil = world.now() + world.random.between(1, 500)
        reject(new Error('no answer in time'))
      })
      const arrived = (value: T): void => {
        if (over) return
        cancel()
        resolve(value)
      }
      network.carry<T>({ process, owner, effect, arrived, failed: () => {} })
      process.mayDie()
    })

  const retries = createRetries(clock, isUp)
  const wakeUps = createWakeUps(clock)
  const connection: Connection = {
    send: () => Promise.reject(new NotSent()),
    // Messages that wake are lost in this model: those who wait look by themselves.
    listen: () => Promise.resolve(),
    reachable: () => Promise.resolve(isUp()),
    isUp,
    close: () => {},
  }

  let serverAhead: number | undefined
  const sync = (serverTime: number): void => {
    serverAhead = serverTime - clock.monotonic()
  }

  const tuple = (kind: string, now: number, leaseEndsAt = 0, owner = ''): OpenReply => {
    return [kind, now, now, 0, 0, 0, 0, 0, 0, 0, leaseEndsAt, owner]
  }
  if (ownerIn(tuple('in_flight', 0, 0, 'owner')) !== 'owner')
    throw new Error('the shape of replies has changed')
  const lookOnce = async (entry: LedgerEntry, awaited: string): Promise<Look> => {
    const deadline =
      serverAhead === undefined ? undefined : serverAhead + clock.monotonic() + COMMAND_TIMEOUT_MS
    const withoutWait = entry.slot === undefined ? entry : { ...entry, slot: { ...entry.slot, waitMs: 0 } }
    const look = await command((): Look => {
      const now = server.clock.now()
      if (deadline !== undefined && now > deadline) return { reply: tuple('late', now), opened: undefined }
      const answer = awaited === '' ? undefined : server.leftBy(entry, awaited)
      if (answer !== undefined) {
        const standings = server.standings(entry)
        if (standings instanceof Promise) throw new Error('the book answers at once')
        return { reply: tuple('replay', now), opened: { kind: 'replay', answer, standings } }
      }
      const opened = server.open(withoutWait)
      if (opened instanceof Promise) throw new Error('who does not wait is answered at once')
      const leaseEndsAt = opened.kind === 'in_flight' ? opened.leaseEndsAt : 0
      return { reply: tuple(opened.kind, now, leaseEndsAt, server.ownerOf(entry)), opened }
    }, entry.owner)
    sync(look.reply[1])
    return look
  }

  const settle = (entry: LedgerEntry, outcome: SettledOutcome): Promise<boolean> =>
    command(() => server.settle(entry, outcome), entry.owner)
  const settleLater = (entry: LedgerEntry, outcome: SettledOutcome, from: number): void =>
    retries.add({ run: () => settle(entry, outcome), from, until: from + entry.leaseMs })

  const takenBack: SettledOutcome = {
    settlement: 'release',
    giveBack: true,
    answer: { status: 503, body: '' },
  }

  const look = async (entry: LedgerEntry, awaited = ''): Promise<Look> => {
    const began = clock.monotonic()
    try {
      let seen = await lookOnce(entry, awaited)
      if (seen.opened === undefined) seen = await lookOnce(entry, awaited)
      if (seen.opened === undefined) throw new NotSent()
      return seen
    } catch (error) {
      if (!(error instanceof NotSent)) settleLater(entry, takenBack, began + COMMAND_TIMEOUT_MS)
      throw error
    }
  }

  return {
    async open(entry) {
      const { slot } = entry
      const until = clock.monotonic() + (slot?.waitMs ?? 0)
      let seen = await look(entry)
      if (seen.opened?.kind === 'in_flight' && slot !== undefined && slot.waitMs > 0) {
        const lookAgain = async (again: LedgerEntry, awaited: string): Promise<OpenReply> => {
          seen = await look(again, awaited)
          return seen.reply
        }
        await waitForOwner({ clock, connection, wakeUps, look: lookAgain }, entry, slot, seen.reply, until)
      }
      if (seen.opened === undefined) throw new NotSent()
      return seen.opened
    },

    async settle(entry, outcome) {
      try {
        return await settle(entry, outcome)
      } catch (error) {
        settleLater(entry, outcome, clock.monotonic())
        throw error
      }
    },

    standings: (entry) => command(() => server.standings(entry)),
    reachable: () => isUp(),
  }
}
