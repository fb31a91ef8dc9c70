import type { Account } from '../../src/domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../../src/domain/upstream.ts'
import type { Entropy, UpstreamTransport } from '../../src/ports.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { post } from './wire.ts'

/** Entropy whose numbers are given; the last one stays. */
export function entropyOf(...units: readonly number[]): Entropy {
  let drawn = 0
  return {
    id: (prefix) => `${prefix}_0`,
    unit: () => units[Math.min(drawn++, units.length - 1)] ?? 0,
  }
}

/** One call at a scripted transport. */
export interface Tried {
  /** Ms since the transport was made. */
  readonly at: number
  readonly call: UpstreamCall
  /** Ms that the call was given. */
  readonly givenMs: number
}

/** What the transport does: a result, at once or after some time. */
export type Reaction = UpstreamResult | { readonly afterMs: number; readonly result: UpstreamResult }

/**
 * A transport that reacts in turn as told, and holds its deadline like a real one. The last reaction stays.
 * `tries` tells how it was called.
 */
export function scripted(clock: FakeClock, reactions: readonly Reaction[]) {
  const began = clock.now()
  const tries: Tried[] = []
  const transport: UpstreamTransport = async (call, deadline) => {
    const givenMs = deadline - clock.now()
    tries.push({ at: clock.now() - began, call, givenMs })
    const reaction = reactions[Math.min(tries.length, reactions.length) - 1]
    if (reaction === undefined) throw new Error('nothing is scripted')
    if (!('afterMs' in reaction)) return reaction
    if (reaction.afterMs >= givenMs) {
      await clock.sleep(givenMs)
      return { kind: 'unknown', reason: 'deadline' }
    }
    await clock.sleep(reaction.afterMs)
    return reaction.result
  }
  return { transport, tries, times: () => tries.map(({ at }) => at) }
}

/** Starts a call; `outcome()` is its result and the time it came, once it is there. */
export function start(
  clock: FakeClock,
  transport: UpstreamTransport,
  ms = 35_000,
  call: UpstreamCall = post,
): { outcome(): UpstreamResult | undefined; endedAfter(): number | undefined } {
  const began = clock.now()
  let result: UpstreamResult | undefined
  let endedAfter: number | undefined
  void transport(call, began + ms).then((given) => {
    result = given
    endedAfter = clock.now() - began
  })
  return { outcome: () => result, endedAfter: () => endedAfter }
}

/** The result of a call, with the clock moved on until its deadline. */
export async function ended(
  clock: FakeClock,
  transport: UpstreamTransport,
  ms = 35_000,
  call: UpstreamCall = post,
): Promise<UpstreamResult> {
  const { outcome } = start(clock, transport, ms, call)
  await clock.advance(ms)
  const result = outcome()
  if (result === undefined) throw new Error('the call did not end by its deadline')
  return result
}

export const callOf = (account: Account['id'], more: Partial<UpstreamCall> = {}): UpstreamCall => ({
  ...post,
  account,
  ...more,
})
