import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { stackUpstream } from '../../src/upstream/stack.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import * as results from '../domain/upstream-results.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import { callOf, ended, entropyOf, type Reaction, scripted, start } from './layers.ts'
import { post, TOKEN } from './wire.ts'

describe('the layers over a transport', () => {
  let clock: FakeClock
  let telemetry: Recorder
  beforeEach(() => {
    clock = createFakeClock()
    telemetry = createRecorder()
  })

  function stack(reactions: readonly Reaction[], maxRetries = 2) {
    const wire = scripted(clock, reactions)
    const state = createUpstreamState()
    const ports = { clock, telemetry, state, entropy: entropyOf(0.5) }
    return { ...wire, state, ports, send: stackUpstream(wire.transport, ports, { maxRetries }) }
  }
  const attempts = () => telemetry.of('upstream').map(({ result, status }) => status ?? result)

  it('tell telemetry of every attempt on the wire, without the waiting between them', async () => {
    const slowly = (result: UpstreamResult): Reaction => ({ afterMs: 30, result })
    const { send } = stack([
      slowly(results.inProgress(2)),
      slowly(results.unavailable()),
      slowly(results.success),
    ])
    expect(await ended(clock, send)).toBe(results.success)
    const attempt = { event: 'upstream', requestId: post.requestId, account: 'acme', result: 'answered' }
    expect(telemetry.events).toEqual([
      { ...attempt, status: 409, durationMs: 30 },
      { ...attempt, status: 503, durationMs: 30 },
      { ...attempt, status: 200, durationMs: 30 },
    ])
    expect(JSON.stringify(telemetry.events)).not.toContain(TOKEN)
  })

  it.each<UpstreamResult>([results.noConnection, results.reset])(
    'tell of %j by its reason, without a status',
    async (result) => {
      const { send } = stack([result], 0)
      expect(await ended(clock, send)).toBe(result)
      const [told] = telemetry.of('upstream')
      expect(told?.result).toBe(result.kind !== 'answered' && result.reason)
      expect(told?.status).toBeUndefined()
    },
  )

  it('count a request once at the breaker, however many attempts it took', async () => {
    const { send, tries } = stack([results.unavailable()])
    for (let i = 0; i < 19; i += 1) {
      const { outcome } = start(clock, send)
      await clock.advance(400)
      expect(outcome()).toEqual(results.unavailable())
    }
    expect(tries.length).toBeGreaterThan(20)
    expect(telemetry.of('breaker')).toEqual([])
    start(clock, send)
    await clock.advance(400)
    expect(telemetry.of('breaker')).toMatchObject([{ state: 'open' }])
  })

  it('turn a request away at an open breaker without an attempt, a retry or a wait', async () => {
    const { send, tries, state } = stack([results.reset])
    state.retryBudgets.set('acme', 0)
    for (let i = 0; i < 20; i += 1) await send(post, clock.now() + 100)
    const [before, budget] = [tries.length, state.retryBudgets.get('acme')]
    expect(await send(post, clock.now() + 35_000)).toMatchObject({ reason: 'breaker_open' })
    expect([tries.length, state.retryBudgets.get('acme')]).toEqual([before, budget])
  })

  it('let a request through that has waited out its own Retry-After, and turn away those that come meanwhile', async () => {
    const { send, times } = stack([results.tooMany(3), results.success])
    const first = start(clock, send)
    await clock.advance(1000)
    const second = start(clock, send)
    await clock.advance(0)
    expect(second.outcome()).toEqual({ kind: 'not_sent', reason: 'account_paused', retryAfterMs: 2000 })
    await clock.advance(3000)
    expect(first.outcome()).toBe(results.success)
    expect(times()).toEqual([0, 3375])
  })

  it('let all waiting requests through one pause that later refusals have made longer', async () => {
    const { send } = stack([
      results.tooMany(1),
      { afterMs: 900, result: results.tooMany(2) },
      results.success,
    ])
    const [first, second] = [start(clock, send), start(clock, send)]
    await clock.advance(10_000)
    expect([first.outcome(), second.outcome()]).toEqual([results.success, results.success])
  })

  it('try the other token within one attempt: no retry is spent on it', async () => {
    const nextToken = new Secret('kdv_live_CANARY_stack_next')
    const { send, tries, state } = stack([results.badToken, results.success], 0)
    const { retryBudgets } = state
    expect(await ended(clock, send, 35_000, callOf('acme', { nextToken }))).toBe(results.success)
    expect(tries.map(({ call }) => call.token === nextToken)).toEqual([false, true])
    expect(retryBudgets.get('acme')).toBe(100)
    expect(attempts()).toEqual([401, 200])
  })

  it('take no notice of the breaker for what is about tokens and rates', async () => {
    const { send } = stack([results.badToken], 0)
    for (let i = 0; i < 50; i += 1) expect(await send(post, clock.now() + 100)).toBe(results.badToken)
    expect(telemetry.of('breaker')).toEqual([])
  })

  it('know after a new config what they knew before', async () => {
    const { send, ports, transport } = stack([results.reset], 0)
    for (let i = 0; i < 20; i += 1) await send(post, clock.now() + 100)
    const again = stackUpstream(transport, ports, { maxRetries: 5 })
    expect(await again(post, clock.now() + 100)).toMatchObject({ reason: 'breaker_open' })
  })

  it('come back to work after an outage, with a few probes and no crowd', async () => {
    let down = true
    let reached = 0
    const state = createUpstreamState()
    const send = stackUpstream(
      async () => {
        reached += 1
        return down ? results.reset : results.success
      },
      { clock, telemetry, state, entropy: entropyOf(0.5) },
      { maxRetries: 2 },
    )
    /** One request every 50 ms. */
    const traffic = async (seconds: number) => {
      const seen: (() => UpstreamResult | undefined)[] = []
      for (let i = 0; i < seconds * 20; i += 1) {
        seen.push(start(clock, send).outcome)
        await clock.advance(50)
      }
      return seen
    }
    await traffic(60)
    // 1200 requests met the outage; those before it was noticed, their retries and a few probes reached it.
    expect(reached).toBeLessThan(60)
    down = false
    await clock.advance(60_000)
    const after = await traffic(10)
    expect(after.filter((outcome) => outcome() === results.success).length).toBe(200)
    expect(telemetry.of('breaker').at(-1)).toMatchObject({ account: 'acme', state: 'closed' })
  })
})
