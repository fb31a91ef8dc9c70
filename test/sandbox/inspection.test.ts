import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { demoToken } from '../../src/sandbox/organisation.ts'
import { call, phoneNumberId, post, start, textTo } from './client.ts'

describe('the inspection endpoints', () => {
  it('show requests exactly as they came over the wire, but no token', async () => {
    const sandbox = await start({ now: () => 1_800_000_000_000 })
    const body = JSON.stringify(textTo('+14155550123', 'Grüße'))
    const socket = connect(sandbox.port, '127.0.0.1')
    socket.write(
      `POST /v1/${phoneNumberId}/messages?x=%20y HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Bearer ${demoToken}\r\n` +
        `X-Twice: 1\r\nx-twice: 2\r\nContent-Type: application/json\r\nConnection: close\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK/)
    const hash = createHash('sha256').update(`Bearer ${demoToken}`).digest('hex').slice(0, 12)
    const seen = await call(sandbox, '/_sandbox/requests?last=1')
    expect(seen.body).toEqual([
      {
        at: 1_800_000_000_000,
        method: 'POST',
        path: `/v1/${phoneNumberId}/messages?x=%20y`,
        headers: [
          ['Host', 'a'],
          ['AUTHORIZATION', `sha256:${hash}`],
          ['X-Twice', '1'],
          ['x-twice', '2'],
          ['Content-Type', 'application/json'],
          ['Connection', 'close'],
          ['Content-Length', String(Buffer.byteLength(body))],
        ],
        body,
        status: 200,
      },
    ])
    expect(seen.text).not.toContain(demoToken)
  })

  it('keep the last 1000 requests, oldest first', async () => {
    const sandbox = await start()
    const headers = { Authorization: `Bearer ${demoToken}` }
    const unknown = async () => (await request(`${sandbox.baseUrl}/unknown`, { headers })).body.dump()
    for (let batch = 0; batch < 13; batch += 1) await Promise.all(Array.from({ length: 77 }, unknown))
    expect(sandbox.stats().requests).toBe(1001)
    await call(sandbox, '/v1/me')
    expect(sandbox.requests()).toHaveLength(1000)
    expect(sandbox.requests(2).map(({ path, status }) => [path, status])).toEqual([
      ['/v1/unknown', 404],
      ['/v1/me', 200],
    ])
    expect((await call(sandbox, '/_sandbox/requests?last=0')).body).toEqual([])
  })

  it('show refused and unanswered requests too', async () => {
    const sandbox = await start()
    await call(sandbox, '/v1/me', { token: 'wrong' })
    await expect(post(sandbox, textTo('+999000001'))).rejects.toThrow()
    expect(sandbox.requests().map(({ status }) => status)).toEqual([401, null])
  })

  it('count what happened, and count nothing for themselves', async () => {
    const sandbox = await start()
    await post(sandbox, textTo('+14155550123'), { key: 'one' })
    await post(sandbox, textTo('+14155550123'), { key: 'one' })
    await post(sandbox, textTo('+14155550123'))
    await call(sandbox, '/v1/me')
    const { body } = await call(sandbox, '/_sandbox/stats', { token: null })
    expect(body).toEqual({
      requests: 4,
      posts: 3,
      messagesSent: 2,
      receipts: 0,
      replays: 1,
      duplicates: 0,
      byKey: { one: { received: 2, sent: 1 } },
    })
    expect(sandbox.stats()).toEqual(body)
  })

  it('show the messages that were really sent, with their bodies and keys', async () => {
    const sandbox = await start()
    await post(sandbox, textTo('+14155550123', 'one'), { key: 'k' })
    await post(sandbox, textTo('+14155550123', 'two'))
    await post(sandbox, textTo('+999050000', 'never'))
    const { body } = await call(sandbox, '/_sandbox/messages')
    expect(body).toMatchObject([
      { phoneNumberId, idempotencyKey: 'k', body: textTo('+14155550123', 'one') },
      { phoneNumberId, body: textTo('+14155550123', 'two') },
    ])
    expect(sandbox.messages(1)).toMatchObject([{ body: { text: { body: 'two' } } }])
  })

  it('forget everything on a reset', async () => {
    const sandbox = await start({ writePerMinute: 1 })
    const first = await post(sandbox, textTo('+14155550123'), { key: 'k' })
    await call(sandbox, '/_sandbox/reset', { method: 'POST' })
    expect(sandbox.stats()).toMatchObject({ requests: 0, messagesSent: 0, byKey: {} })
    expect(sandbox.requests()).toEqual([])
    const read = await call(sandbox, `/v1/${phoneNumberId}/messages/${first.body.data.id}`)
    expect(read.status).toBe(404)
    const again = await post(sandbox, textTo('+14155550123'), { key: 'k' })
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'false'])
  })
})
