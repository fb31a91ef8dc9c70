import { beforeEach, describe, expect, it } from 'vitest'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import type { UpstreamTransport } from '../../src/ports.ts'
import { withPause } from '../../src/upstream/pause.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import { answered, meta } from '../domain/judge-samples.ts'
import * as results from '../domain/upstream-results.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import { callOf } from './layers.ts'

const pausedFor = (retryAfterMs: number) => ({ kind: 'not_sent', reason: 'account_paused', retryAfterMs })

describe('the pause of an account', () => {
  let clock: FakeClock
  let telemetry: Recorder
  let result: UpstreamResult
  let transport: UpstreamTransport
  beforeEach(() => {
    clock = createFakeClock()
    telemetry = createRecorder()
    result = results.success
    const { pauses } = createUpstreamState()
    transport = withPause({ clock, telemetry, pauses })(async () => result)
  })
  const call = (account = 'acme', method: 'GET' | 'POST' = 'POST') =>
    transport(callOf(account, { method }), clock.now() + 1000)
  const next = async (given: UpstreamResult, account = 'acme', method: 'GET' | 'POST' = 'POST') => {
    result = given
    return await call(account, method)
  }

  it('lasts as long as the upstream said', async () => {
    expect(await next(results.tooMany(3))).toEqual(results.tooMany(3))
    expect(await next(results.success)).toEqual(pausedFor(3000))
    await clock.advance(2999)
    expect(await call()).toEqual(pausedFor(1))
    await clock.advance(1)
    expect(await call()).toBe(results.success)
  })

  it('lasts 5 s if the upstream gave no time, and an hour at most', async () => {
    await next(results.tooMany())
    expect(await call()).toEqual(pausedFor(5000))
    await next(results.tooMany(86_400), 'globex')
    expect(await call('globex')).toEqual(pausedFor(3_600_000))
  })

  it('lasts until a date', async () => {
    await next(answered(429, undefined, { retryAfter: new Date(clock.now() + 7000).toUTCString() }))
    expect(await call()).toEqual(pausedFor(7000))
  })

  it('is of one account and one class, as the upstream’s buckets are', async () => {
    await next(results.tooMany(3), 'acme', 'POST')
    result = results.success
    expect(await call('acme', 'GET')).toBe(results.success)
    expect(await call('globex', 'POST')).toBe(results.success)
    await next(results.tooMany(9), 'acme', 'GET')
    expect(await call('acme', 'GET')).toEqual(pausedFor(9000))
    expect(await call('acme', 'POST')).toEqual(pausedFor(3000))
  })

  it.each([4, 80007])(
    'is begun by Meta’s code %d, which is about the account, whatever the status',
    async (code) => {
      for (const [nth, status] of [400, 429, 502].entries()) {
        await next(answered(status, meta(code), { retryAfter: '2' }), `account-${nth}`)
        expect(await call(`account-${nth}`)).toEqual(pausedFor(2000))
      }
    },
  )

  it.each<[string, UpstreamResult]>([
    ['throughput of one number', answered(429, meta(130429), { retryAfter: '2' })],
    ['quality of one number', answered(400, meta(131048))],
    ['messages to one recipient', answered(429, meta(131056))],
    ['sends of one Flow', answered(429, meta(132069))],
    ['an upstream that is down', results.unavailable(60)],
    ['a 401', results.badToken],
    ['no answer', results.timedOut],
    ['a success', results.success],
  ])('is not begun by %s', async (_, given) => {
    expect(await next(given)).toBe(given)
    result = results.success
    expect(await call()).toBe(results.success)
    expect(telemetry.events).toEqual([])
  })

  it('is made longer by a later refusal of a call that was under way, never shorter', async () => {
    const gates: ((given: UpstreamResult) => void)[] = []
    const { pauses } = createUpstreamState()
    const layer = withPause({ clock, telemetry, pauses })(() => new Promise((resolve) => gates.push(resolve)))
    const underWay = [1, 2, 3].map(() => layer(callOf('acme'), clock.now() + 60_000))
    const answer = async (seconds: number) => {
      gates.shift()?.(results.tooMany(seconds))
      await clock.advance(0)
      return await layer(callOf('acme'), clock.now() + 60_000)
    }
    expect(await answer(5)).toEqual(pausedFor(5000))
    expect(await answer(2)).toEqual(pausedFor(5000))
    expect(await answer(30)).toEqual(pausedFor(30_000))
    await Promise.all(underWay)
  })

  it('is told once, not for each call that was under way when it began', async () => {
    const { pauses } = createUpstreamState()
    const layer = withPause({ clock, telemetry, pauses })(async () => {
      await clock.sleep(10)
      return results.tooMany(3)
    })
    const underWay = []
    for (let i = 0; i < 50; i += 1) {
      underWay.push(layer(callOf('acme'), clock.now() + 1000))
      if (i % 10 === 0) await clock.advance(1)
    }
    await clock.advance(100)
    await Promise.all(underWay)
    const { requestId } = callOf('acme')
    expect(telemetry.events).toEqual([
      { event: 'account_paused', account: 'acme', class: 'write', pausedMs: 3000, requestId },
    ])
  })
})
