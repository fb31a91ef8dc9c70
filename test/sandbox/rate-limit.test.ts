import { describe, expect, it } from 'vitest'
import { call, post, start, textTo } from './client.ts'

const to = '+14155550123'

describe('the rate limit', () => {
  it('counts down on success and on 4xx, and says when the bucket is full again', async () => {
    const now = 1_800_000_000_000
    const sandbox = await start({ writePerMinute: 60, now: () => now })
    const first = await post(sandbox, textTo(to))
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '59',
      'x-ratelimit-reset': '1800000001',
    })
    const refused = await post(sandbox, textTo('1'))
    expect(refused.status).toBe(400)
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('58')
    expect(refused.headers.get('x-ratelimit-reset')).toBe('1800000002')
    expect(refused.headers.has('retry-after')).toBe(false)
  })

  it('is silent on 5xx', async () => {
    const { status, headers } = await post(await start(), textTo('+999050000'))
    expect(status).toBe(500)
    expect(headers.has('x-ratelimit-limit')).toBe(false)
  })

  it('refuses an empty bucket with 429 until a token is there', async () => {
    let now = 1_800_000_000_000
    const sandbox = await start({ writePerMinute: 2, now: () => now })
    await post(sandbox, textTo(to))
    await post(sandbox, textTo(to))
    const refused = await post(sandbox, textTo(to))
    expect([refused.status, refused.body.error.type, refused.body.error.code]).toEqual([
      429,
      'rate_limit_error',
      'rate_limit_exceeded',
    ])
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '30',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1800000060',
    })
    now += 29_000
    expect((await post(sandbox, textTo(to))).headers.get('retry-after')).toBe('1')
    now += 1000
    expect((await post(sandbox, textTo(to))).status).toBe(200)
    expect(sandbox.stats().messagesSent).toBe(3)
  })

  it('holds no more than a minute’s worth, however long nobody called', async () => {
    let now = 1_800_000_000_000
    const sandbox = await start({ writePerMinute: 60, now: () => now })
    await post(sandbox, textTo(to))
    now += 3_600_000
    expect((await post(sandbox, textTo(to))).headers.get('x-ratelimit-remaining')).toBe('59')
  })

  it('has one budget per class and organisation, shared by its tokens', async () => {
    const sandbox = await start({
      writePerMinute: 1,
      readPerMinute: 1,
      organisations: [
        { tokens: ['a1', 'a2'], phoneNumberIds: ['1000001'] },
        { tokens: ['b'], phoneNumberIds: ['1000001'] },
      ],
    })
    const write = async (token: string) =>
      (await call(sandbox, '/v1/1000001/messages', { token, body: textTo(to) })).status
    const read = async (token: string) => (await call(sandbox, '/v1/me', { token })).status
    expect([await write('a1'), await write('a2'), await write('b')]).toEqual([200, 429, 200])
    expect([await read('a1'), await read('a2'), await read('b')]).toEqual([200, 429, 200])
  })

  it('does not charge health checks and unauthenticated requests', async () => {
    const sandbox = await start({ readPerMinute: 1 })
    await call(sandbox, '/v1/health')
    await call(sandbox, '/v1/me', { token: 'wrong' })
    expect((await call(sandbox, '/v1/me')).status).toBe(200)
  })
})
