import { beforeEach, describe, expect, it } from 'vitest'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import type { UpstreamTransport } from '../../src/ports.ts'
import { withBreaker } from '../../src/upstream/breaker.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import * as results from '../domain/upstream-results.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import { callOf } from './layers.ts'

describe('the breaker of an account', () => {
  let clock: FakeClock
  let telemetry: Recorder
  let result: UpstreamResult
  let reached: number
  let transport: UpstreamTransport
  beforeEach(() => {
    clock = createFakeClock()
    telemetry = createRecorder()
    result = results.success
    reached = 0
    const { breakers } = createUpstreamState()
    transport = withBreaker({ clock, telemetry, breakers })(async () => {
      reached += 1
      return result
    })
  })
  const call = (account = 'acme') => transport(callOf(account), clock.now() + 1000)
  const calls = async (count: number) => {
    for (let i = 0; i < count; i += 1) await call()
  }
  const states = () => telemetry.of('breaker').map(({ account, state, openMs }) => [account, state, openMs])

  it('passes every result on as it is', async () => {
    for (const one of [results.success, results.reset, results.noConnection, results.tooMany(1)]) {
      result = one
      expect(await call()).toBe(one)
    }
    expect(telemetry.events).toEqual([])
  })

  it('turns calls away once most have failed, and says when to come back', async () => {
    result = results.reset
    await calls(20)
    expect(await call()).toEqual({ kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 1000 })
    await clock.advance(400)
    expect(await call()).toEqual({ kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 600 })
    expect(reached).toBe(20)
  })

  it('keeps accounts apart', async () => {
    result = results.reset
    await calls(20)
    expect(await call('globex')).toBe(results.reset)
  })

  it('tells of each change once', async () => {
    result = results.unavailable()
    await calls(25)
    await clock.advance(1000)
    await calls(3)
    await clock.advance(2000)
    result = results.success
    await calls(10)
    expect(states()).toEqual([
      ['acme', 'open', 1000],
      ['acme', 'half_open', undefined],
      ['acme', 'open', 2000],
      ['acme', 'half_open', undefined],
      ['acme', 'closed', undefined],
    ])
  })

  it('gives the place of a probe back when the layers below throw', async () => {
    const { breakers } = createUpstreamState()
    breakers.set('acme', { kind: 'open', era: 1, openMs: 1000, until: clock.monotonic() })
    const broken = withBreaker({ clock, telemetry, breakers })(async () => {
      throw new Error('a bug')
    })
    for (let i = 0; i < 10; i += 1) {
      await expect(broken(callOf('acme'), clock.now() + 1000)).rejects.toThrow('a bug')
    }
    expect(breakers.get('acme')).toMatchObject({ kind: 'half_open', probes: [], successes: 0 })
  })

  it('is not moved by steps of the wall clock', async () => {
    // The port's monotonic time is what counts; here it stands still while the wall clock jumps.
    let monotonic = 5000
    const stepped = { ...clock, monotonic: () => monotonic }
    const { breakers } = createUpstreamState()
    const layer = withBreaker({ clock: stepped, telemetry, breakers })(async () => results.reset)
    for (let i = 0; i < 20; i += 1) await layer(callOf('acme'), clock.now() + 1000)
    clock.step(3_600_000)
    const turnedAway = { kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 1000 }
    expect(await layer(callOf('acme'), clock.now() + 1000)).toEqual(turnedAway)
    monotonic += 1000
    expect(await layer(callOf('acme'), clock.now() + 1000)).toBe(results.reset)
  })
})
