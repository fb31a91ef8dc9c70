import type { Clock, LedgerEntry, Slot } from '../../ports.ts'
import { type OpenReply, ownerIn } from './codec.ts'
import type { Connection } from './connection.ts'
import { wakeChannel, wakeTopic } from './keys.ts'
import type { WakeUps } from './wake-ups.ts'

/** Those who wait look by themselves this often, should the message that wakes them be lost. */
const LOOK_AGAIN_MS = 1000

export interface Waiting {
  readonly clock: Clock
  readonly connection: Connection
  readonly wakeUps: WakeUps
  /** `open` without waiting, for a caller that waits for the answer of `awaited`. */
  readonly look: (entry: LedgerEntry, awaited: string) => Promise<OpenReply>
}

/** What `wakeUps` knows a key by, and a message of its settlement. */
export const topicOf = (channel: string, message: string): string => `${channel} ${message}`

/**
 * Waits until `until` (on `clock.monotonic()`) for the owner that `first` has found; takes over when its lease ends
 * before that. Gives the last reply.
 */
export async function waitForOwner(
  { clock, connection, wakeUps, look }: Waiting,
  entry: LedgerEntry,
  slot: Slot,
  first: OpenReply,
  until: number,
): Promise<OpenReply> {
  const channel = wakeChannel(entry.account)
  const expectation = wakeUps.expect(topicOf(channel, wakeTopic(entry.tenant, slot.key)))
  let reply = first
  try {
    // The first look comes as soon as messages are heard: an earlier one would have been missed.
    for (let pause = 0; reply[0] === 'in_flight'; ) {
      if (pause > 0) await expectation.within(pause)
      await connection.listen(channel).catch(() => {})
      reply = await look(entry, ownerIn(reply))
      const left = until - clock.monotonic()
      if (left <= 0) break
      pause = Math.min(left, leaseLeft(reply), LOOK_AGAIN_MS)
    }
    return reply
  } finally {
    expectation.forget()
  }
}

const leaseLeft = ([, , now, , , , , , , , leaseEndsAt]: OpenReply): number => Number(leaseEndsAt) - now
