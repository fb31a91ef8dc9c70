import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Facts } from './faults.ts'
import type { Reply } from './reply.ts'
import type { Manner } from './transmit.ts'

/** What goes out, and how. */
export interface Delivery {
  readonly reply: Reply
  readonly manner: Manner
  /** The answer of the processing; absent when there was none. */
  readonly truth?: Reply
  /** Runs when the exchange is over, however it ended. */
  afterwards?(): void
}

export const whole = (reply: Reply): Delivery => ({ reply, manner: 'whole' })

const nothing: Reply = { status: 0, headers: {}, body: '' }

/** Runs `process` as the fault allows it; without a fault its answer goes out as it is. `slowMs`: see `slow`. */
export async function enact(
  act: Act | undefined,
  facts: Facts,
  slowMs: number,
  process: () => Reply,
): Promise<Delivery> {
  if (act?.kind === 'refuse') return whole(act.reply(facts))
  if (act?.kind === 'drop') return { reply: nothing, manner: act.manner }
  // Unreferenced: a sandbox that was closed meanwhile must not keep the process alive.
  if (act?.slow) await sleep(slowMs, undefined, { ref: false })
  const answer = process()
  const truth = act?.status === undefined ? answer : { ...answer, status: act.status }
  return { truth, reply: act?.distort?.(truth, facts) ?? truth, manner: act?.manner ?? 'whole' }
}
