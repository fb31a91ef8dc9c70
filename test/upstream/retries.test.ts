import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { judge } from '../../src/domain/judge.ts'
import { FULL_BUDGET } from '../../src/domain/retry.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import type { UpstreamTransport } from '../../src/ports.ts'
import { withRetries } from '../../src/upstream/retries.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import { answered, circumstances } from '../domain/judge-samples.ts'
import * as results from '../domain/upstream-results.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { callOf, ended, entropyOf, type Reaction, scripted, start } from './layers.ts'
import { get, post } from './wire.ts'

/** Retries over a scripted transport. `unit`: what chance gives, from 0 to 1. */
function retrying(clock: FakeClock, reactions: readonly Reaction[], maxRetries = 2, unit = 0) {
  const { transport, tries, times } = scripted(clock, reactions)
  const budgets = createUpstreamState().retryBudgets
  const layer = withRetries({ clock, entropy: entropyOf(unit), budgets }, maxRetries)(transport)
  return { transport: layer, tries, times, budgets }
}

const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  results.anyResult,
  fc.record({ afterMs: fc.nat(20_000), result: results.anyResult }),
)
const reactions = fc.array(reaction, { minLength: 1, maxLength: 8 })
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

/** 409s that are waited out and pauses are no retries. */
const isCounted = (result: UpstreamResult): boolean =>
  !(result.kind === 'answered' && result.status === 409) &&
  !(result.kind === 'not_sent' && result.reason === 'account_paused')

describe('retries, whatever the upstream does', () => {
  it('are at most as many as allowed, never begin at or after the deadline, and end by it', async () => {
    await fc.assert(
      fc.asyncProperty(
        reactions,
        fc.nat(4),
        unit,
        fc.integer({ min: 1, max: 40_000 }),
        async (script, maxRetries, chance, ms) => {
          const clock = createFakeClock()
          const seen: UpstreamResult[] = []
          const { transport, tries } = scripted(clock, script)
          const watched: UpstreamTransport = async (call, deadline) => {
            const result = await transport(call, deadline)
            seen.push(result)
            return result
          }
          const budgets = createUpstreamState().retryBudgets
          const ports = { clock, entropy: entropyOf(chance), budgets }
          const { outcome, endedAfter } = start(clock, withRetries(ports, maxRetries)(watched), ms)
          await clock.advance(100_000)

          expect(outcome()).toBeDefined()
          expect(seen).toContain(outcome())
          expect(endedAfter()).toBeLessThanOrEqual(ms)
          for (const { at, givenMs } of tries) {
            expect(at).toBeLessThan(ms)
            expect(at + givenMs).toBeLessThanOrEqual(ms)
          }
          // Each attempt but the first follows on a counted result or on one that was waited out.
          expect(seen.slice(0, -1).filter(isCounted).length).toBeLessThanOrEqual(maxRetries)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never free the key of a message that may have been sent', async () => {
    await fc.assert(
      fc.asyncProperty(reactions, unit, async (script, chance) => {
        const clock = createFakeClock()
        const seen: UpstreamResult[] = []
        const { transport } = scripted(clock, script)
        const watched: UpstreamTransport = async (call, deadline) => {
          const result = await transport(call, deadline)
          seen.push(result)
          return result
        }
        const budgets = createUpstreamState().retryBudgets
        const layer = withRetries({ clock, entropy: entropyOf(chance), budgets }, 3)(watched)
        const told = await ended(clock, layer)
        const settlementOf = (result: UpstreamResult) => judge(result, circumstances()).settlement
        if (seen.some((result) => settlementOf(result) === 'unknown')) {
          expect(settlementOf(told)).not.toBe('release')
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are, of one account, at most ten and a tenth of its requests', async () => {
    const plain = fc.constantFrom(results.success, results.badRequest, results.reset, results.noConnection)
    const request = fc.tuple(fc.array(plain, { minLength: 1, maxLength: 4 }), fc.nat(3))
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 60 }), async (requests) => {
        const clock = createFakeClock()
        const budgets = createUpstreamState().retryBudgets
        let retries = 0
        for (const [nth, [script, maxRetries]] of requests.entries()) {
          const { transport, tries } = scripted(clock, script)
          await ended(clock, withRetries({ clock, entropy: entropyOf(0), budgets }, maxRetries)(transport))
          retries += tries.length - 1
          expect(retries).toBeLessThanOrEqual(10 + (nth + 1) / 10)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('a retry', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = createFakeClock()
  })

  it('finds the answer behind two failures', async () => {
    const { transport, tries } = retrying(clock, [results.unavailable(), results.reset, results.success])
    expect(await ended(clock, transport)).toBe(results.success)
    expect(tries).toHaveLength(3)
    for (const { call } of tries) expect(call).toBe(post)
  })

  it('is made as often as allowed, and not at all with none', async () => {
    for (const maxRetries of [0, 1, 5]) {
      const { transport, tries } = retrying(clock, [results.noConnection], maxRetries)
      expect(await ended(clock, transport)).toBe(results.noConnection)
      expect(tries).toHaveLength(maxRetries + 1)
    }
  })

  it('comes after a random part of 100 ms, 200 ms, 400 ms …', async () => {
    const { transport, times } = retrying(clock, [results.reset], 6, 0.5)
    await ended(clock, transport)
    expect(times()).toEqual([0, 50, 150, 350, 750, 1550, 2550])
  })

  it('comes when the upstream says, or up to a quarter later', async () => {
    const exact = retrying(clock, [results.tooMany(4), results.success], 2, 0)
    await ended(clock, exact.transport)
    expect(exact.times()).toEqual([0, 4000])
    const late = retrying(clock, [results.unavailable(4), results.success], 2, 0.999)
    await ended(clock, late.transport)
    expect(late.times()).toEqual([0, 4999])
  })

  it('is not made when the upstream names a time beyond the deadline: its answer is returned at once', async () => {
    const { transport } = retrying(clock, [results.tooMany(35), results.success])
    const { outcome, endedAfter } = start(clock, transport)
    await clock.advance(0)
    expect([outcome(), endedAfter()]).toEqual([results.tooMany(35), 0])
  })

  it('gets half of what is left while another may follow, and the last one all', async () => {
    const hangs: Reaction = { afterMs: Number.POSITIVE_INFINITY, result: results.success }
    const { transport, tries } = retrying(clock, [hangs], 2)
    expect(await ended(clock, transport)).toEqual(results.timedOut)
    expect(tries.map(({ at, givenMs }) => [at, givenMs])).toEqual([
      [0, 17_500],
      [17_500, 8750],
      [26_250, 8750],
    ])
  })

  it('finds the answer of a message whose connection hung', async () => {
    const hangs: Reaction = { afterMs: Number.POSITIVE_INFINITY, result: results.success }
    const { transport, tries } = retrying(clock, [hangs, results.success])
    expect(await ended(clock, transport)).toBe(results.success)
    expect(new Set(tries.map(({ call }) => call.idempotencyKey))).toEqual(new Set([post.idempotencyKey]))
  })

  it('takes no time from a call with a short deadline', async () => {
    const slow: Reaction = { afterMs: 240, result: results.success }
    const { transport, tries } = retrying(clock, [slow])
    expect(await ended(clock, transport, 250)).toBe(results.success)
    expect(tries.map(({ givenMs }) => givenMs)).toEqual([250])
  })

  it('takes no time from a call that may not be repeated', async () => {
    const { idempotencyKey: _, ...unkeyed } = post
    const { transport, tries } = retrying(clock, [{ afterMs: 30_000, result: results.success }])
    expect(await ended(clock, transport, 35_000, unkeyed)).toBe(results.success)
    expect(tries.map(({ givenMs }) => givenMs)).toEqual([35_000])
  })

  it('is made for a read, which has no key', async () => {
    const { transport, tries } = retrying(clock, [answered(502), results.success])
    expect(await ended(clock, transport, 35_000, get)).toBe(results.success)
    expect(tries).toHaveLength(2)
  })

  it('that is turned away at the door leaves the unclear result before it', async () => {
    for (const turnedAway of [results.noConnection, results.badToken, results.tooMany(60), results.paused]) {
      const { transport } = retrying(clock, [results.reset, turnedAway], 1)
      expect(await ended(clock, transport)).toBe(results.reset)
    }
  })

  it('is paid from the account’s budget, which other accounts do not share', async () => {
    const { transport, tries, budgets } = retrying(clock, [results.reset], 100)
    await ended(clock, transport)
    expect(tries).toHaveLength(11)
    expect(budgets.get('acme')).toBe(0)
    await ended(clock, transport)
    expect(tries).toHaveLength(12)
    await ended(clock, transport, 35_000, callOf('globex'))
    expect(tries).toHaveLength(23)
  })

  it('that the budget does not pay for leaves the whole time to the first attempt', async () => {
    const { transport, tries, budgets } = retrying(clock, [results.success])
    budgets.set('acme', 8)
    await ended(clock, transport)
    budgets.set('acme', 9)
    await ended(clock, transport)
    expect(tries.map(({ givenMs }) => givenMs)).toEqual([35_000, 17_500])
  })

  it('does not begin when the timer before it came too late', async () => {
    const late = { ...clock, sleep: (ms: number) => clock.sleep(ms + 60_000) }
    const { transport, tries } = scripted(clock, [results.unavailable(), results.success])
    const budgets = createUpstreamState().retryBudgets
    const layer = withRetries({ clock: late, entropy: entropyOf(0.5), budgets }, 2)(transport)
    const { outcome } = start(clock, layer)
    await clock.advance(120_000)
    expect(outcome()).toEqual(results.unavailable())
    expect(tries).toHaveLength(1)
  })
})

describe('an earlier attempt that is still running upstream', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = createFakeClock()
  })
  const running = results.inProgress

  it('is waited out by Retry-After, and every second without it, without counting a retry', async () => {
    const { transport, times, budgets } = retrying(
      clock,
      [running(3), running(), running(2), results.success],
      0,
    )
    expect(await ended(clock, transport)).toBe(results.success)
    expect(times()).toEqual([0, 3000, 4000, 6000])
    expect(budgets.get('acme')).toBe(FULL_BUDGET)
  })

  it('is waited out by Retry-After as a date', async () => {
    const retryAfter = new Date(clock.now() + 7000).toUTCString()
    const dated = { ...(running() as Extract<UpstreamResult, { kind: 'answered' }>), headers: { retryAfter } }
    const { transport, times } = retrying(clock, [dated, results.success], 0)
    await ended(clock, transport)
    expect(times()).toEqual([0, 7000])
  })

  it('is the answer when the next try would come at the deadline or later', async () => {
    const first = retrying(clock, [running(), running(4), results.success])
    const { outcome } = start(clock, first.transport, 5000)
    await clock.advance(1000)
    expect([outcome(), first.times()]).toEqual([running(4), [0, 1000]])
    const second = retrying(clock, [running(4), results.success])
    expect(await ended(clock, second.transport, 4001)).toBe(results.success)
    expect(second.times()).toEqual([0, 4000])
  })

  it('is not waited for without a key', async () => {
    const { transport, times } = retrying(clock, [running(), results.success])
    expect(await ended(clock, transport, 35_000, get)).toEqual(running())
    expect(times()).toEqual([0])
  })

  it.each([results.noConnection, results.badToken, answered(403), results.tooMany(60)])(
    'still is the answer if a later try ends as %j: the earlier one may yet be sent',
    async (result) => {
      const { transport, times } = retrying(clock, [running(2), result], 0)
      expect(await ended(clock, transport)).toEqual(running(2))
      expect(times()).toEqual([0, 2000])
    },
  )

  it('is found again by the retry of an attempt that was cut off', async () => {
    const hangs: Reaction = { afterMs: Number.POSITIVE_INFINITY, result: results.success }
    const { transport, times } = retrying(clock, [hangs, running(1), running(1), results.success], 1)
    expect(await ended(clock, transport)).toBe(results.success)
    expect(times()).toEqual([0, 17_500, 18_500, 19_500])
  })
})

describe('a retry that meets a pause of the account', () => {
  it('waits until it is over, without counting', async () => {
    const clock = createFakeClock()
    const script = [results.tooMany(1), results.paused, results.paused, results.success]
    const { transport, times } = retrying(clock, script, 1)
    expect(await ended(clock, transport)).toBe(results.success)
    expect(times()).toEqual([0, 1000, 1700, 2400])
  })

  it('is none: a new request is turned away at once', async () => {
    const clock = createFakeClock()
    const { transport, times } = retrying(clock, [results.paused, results.success])
    expect(await ended(clock, transport)).toBe(results.paused)
    expect(times()).toEqual([0])
  })
})
