import { beforeEach, describe, expect, it } from 'vitest'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { withInProgressWait } from '../../src/upstream/in-progress.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { get, post } from './wire.ts'

const answered = (status: number, code = '', retryAfter?: string): UpstreamResult => ({
  kind: 'answered',
  status,
  headers: retryAfter === undefined ? {} : { retryAfter },
  body: JSON.stringify({ error: { code } }),
})
const running = (retryAfter?: string) => answered(409, 'idempotency_in_progress', retryAfter)
const success: UpstreamResult = { kind: 'answered', status: 200, headers: {}, body: '{"data":{}}' }

describe('waiting for our own earlier attempt at the upstream', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = createFakeClock()
  })

  /** Calls with `ms` to live over a transport that gives these results in turn; tells when it was tried. */
  function call(results: readonly UpstreamResult[], ms = 35_000, what = post) {
    const began = clock.now()
    const tries: number[] = []
    const layer = withInProgressWait(clock)(async (given, deadline) => {
      expect([given, deadline]).toEqual([what, began + ms])
      tries.push(clock.now() - began)
      const result = results[tries.length - 1]
      if (result === undefined) throw new Error('tried once too often')
      return result
    })
    let outcome: UpstreamResult | undefined
    void layer(what, began + ms).then((result) => {
      outcome = result
    })
    return { tries, outcome: () => outcome }
  }

  it.each<[string, UpstreamResult]>([
    ['a success', success],
    ['a 409 of another kind', answered(409, 'template_already_exists')],
    ['a 409 without a code', { kind: 'answered', status: 409, headers: {}, body: undefined }],
    ['the code with another status', answered(500, 'idempotency_in_progress')],
    ['no answer', { kind: 'unknown', reason: 'deadline' }],
    ['no connection', { kind: 'not_sent', reason: 'cannot_connect' }],
    ['a 429', answered(429)],
  ])('passes %s on at once', async (_, result) => {
    const { tries, outcome } = call([result])
    await clock.advance(0)
    expect([outcome(), tries]).toEqual([result, [0]])
  })

  it('tries again after Retry-After, and every second without it', async () => {
    const { tries, outcome } = call([running('3'), running(), running('2'), success])
    await clock.advance(5999)
    expect(outcome()).toBeUndefined()
    await clock.advance(1)
    expect([outcome(), tries]).toEqual([success, [0, 3000, 4000, 6000]])
  })

  it('understands Retry-After as a date', async () => {
    const { tries } = call([running(new Date(clock.now() + 7000).toUTCString()), success])
    await clock.advance(10_000)
    expect(tries).toEqual([0, 7000])
  })

  it('ends with the 409 when the next try would come at the deadline or later', async () => {
    const { tries, outcome } = call([running(), running('4'), success], 5000)
    await clock.advance(1000)
    expect([outcome(), tries]).toEqual([running('4'), [0, 1000]])
    const other = call([running('4'), success], 4001)
    await clock.advance(4000)
    expect([other.outcome(), other.tries]).toEqual([success, [0, 4000]])
  })

  it('is not done for a call without a key', async () => {
    const { tries, outcome } = call([running()], 35_000, get)
    await clock.advance(60_000)
    expect([outcome(), tries]).toEqual([running(), [0]])
  })

  it.each<[string, UpstreamResult]>([
    ['cannot connect', { kind: 'not_sent', reason: 'cannot_connect' }],
    ['meets a refused token', answered(401, 'invalid_api_key')],
    ['is forbidden', answered(403)],
    ['is one too many', answered(429, 'rate_limit_exceeded')],
  ])('still says 409 if a later try %s: the earlier attempt may yet be sent', async (_, result) => {
    const { tries, outcome } = call([running('2'), result])
    await clock.advance(2000)
    expect([outcome(), tries]).toEqual([running('2'), [0, 2000]])
  })

  it.each<[string, UpstreamResult]>([
    ['the answer it waited for', success],
    ['a refusal for good', answered(400, 'invalid_field_value')],
    ['no answer', { kind: 'unknown', reason: 'connection_reset' }],
  ])('passes on %s to a later try', async (_, result) => {
    const { outcome } = call([running(), result])
    await clock.advance(1000)
    expect(outcome()).toEqual(result)
  })
})
