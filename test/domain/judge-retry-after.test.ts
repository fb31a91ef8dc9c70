import { describe, expect, it } from 'vitest'
import { judge } from '../../src/domain/judge.ts'
import { retryAfterSeconds } from '../../src/domain/retry-after.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { answered, circumstances, kirim, NOW } from './judge-samples.ts'

describe('Retry-After', () => {
  const date = (ms: number) => new Date(NOW + ms).toUTCString()
  /** What a 429 without a usable value says. */
  const DEFAULT = 5

  it.each<[string | undefined, number]>([
    ['1', 1],
    ['17', 17],
    ['0', 1],
    ['007', 7],
    ['3600', 3600],
    ['3601', 3600],
    ['9'.repeat(400), 3600],
    [date(1000), 1],
    [date(30_000), 30],
    [date(-60_000), 1],
    [date(7 * 86_400_000), 3600],
    ['Tuesday, 02-Jun-26 08:16:30 GMT', 60],
    ['Tue Jun  2 08:16:30 2026', 60],
    [undefined, DEFAULT],
    ['', DEFAULT],
    ['-5', DEFAULT],
    ['+5', DEFAULT],
    ['1.5', DEFAULT],
    ['1e3', DEFAULT],
    ['5, 7', DEFAULT],
    ['soon', DEFAULT],
    ['try again in 2030', DEFAULT],
    ['Tue, 99 Foo 2026 08:16:30 GMT', DEFAULT],
    ['Infinity', DEFAULT],
  ])('of "%s" on a 429 becomes %d seconds', (retryAfter, seconds) => {
    const headers = retryAfter === undefined ? {} : { retryAfter }
    expect(judge(answered(429, undefined, headers), circumstances()).verdict).toMatchObject({
      status: 429,
      retryAfterSeconds: seconds,
    })
  })

  it('rounds the time to a date up', () => {
    expect(retryAfterSeconds(date(29_000), NOW + 1, 5)).toBe(29)
    expect(retryAfterSeconds(date(29_000), NOW + 999, 5)).toBe(29)
    expect(retryAfterSeconds(date(29_000), NOW + 1000, 5)).toBe(28)
  })

  it('is handed on with a 409 in progress and given with every 503', () => {
    const inProgress = answered(409, kirim({ code: 'idempotency_in_progress' }), { retryAfter: '4' })
    expect(judge(inProgress, circumstances()).verdict).toMatchObject({ status: 409, retryAfterSeconds: 4 })
    expect(judge(answered(409), circumstances()).verdict).toMatchObject({ retryAfterSeconds: 1 })
    expect(judge(answered(401), circumstances()).verdict).toMatchObject({ retryAfterSeconds: 60 })
    const refused: UpstreamResult = { kind: 'not_sent', reason: 'cannot_connect' }
    expect(judge(refused, circumstances()).verdict).toMatchObject({ retryAfterSeconds: 1 })
  })

  it.each([
    [undefined, 1],
    [0, 1],
    [0.2, 1],
    [1000, 1],
    [1000.1, 2],
    [59_999, 60],
    [3_600_000, 3600],
  ])('tells of %s ms that the gateway itself waits as %d whole seconds', (retryAfterMs, seconds) => {
    for (const reason of ['breaker_open', 'account_paused'] as const) {
      const result = {
        kind: 'not_sent',
        reason,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      } as const
      expect(judge(result, circumstances()).verdict).toMatchObject({ retryAfterSeconds: seconds })
    }
  })
})
