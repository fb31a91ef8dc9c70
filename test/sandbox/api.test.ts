import { once } from 'node:events'
import { connect } from 'node:net'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { serveSandbox } from '../../src/sandbox/serve.ts'
import { call, phoneNumberId, post, receiptOf, start, textTo } from './client.ts'

const id = (prefix: string) => new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`)

describe('sending', () => {
  it('answers 200 with the documented envelope', async () => {
    const sandbox = await start({ now: () => Date.UTC(2026, 5, 2, 8, 15, 30) })
    const { status, headers, body } = await post(sandbox, textTo('+14155550123'))
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(body).toEqual({
      data: {
        id: expect.stringMatching(id('msg')),
        object: 'message',
        to: '+14155550123',
        type: 'text',
        status: 'queued',
        created_at: '2026-06-02T08:15:30.000Z',
        conversation_id: expect.stringMatching(id('cnv')),
      },
      request_id: expect.stringMatching(id('req')),
    })
    expect(headers.get('x-request-id')).toBe(body.request_id)
  })

  it('puts messages to one recipient into one conversation, per sending number', async () => {
    const sandbox = await start()
    const one = await post(sandbox, textTo('+14155550123'))
    const two = await post(sandbox, textTo('+14155550123'))
    const other = await post(sandbox, textTo('+14155550124'))
    const otherNumber = await call(sandbox, '/v1/106540352242923/messages', { body: textTo('+14155550123') })
    expect(two.body.data.conversation_id).toBe(one.body.data.conversation_id)
    expect(other.body.data.conversation_id).not.toBe(one.body.data.conversation_id)
    expect(otherNumber.body.data.conversation_id).not.toBe(one.body.data.conversation_id)
    expect(two.body.data.id).not.toBe(one.body.data.id)
  })
})

describe('read receipts', () => {
  it('echo the wamid, and name the same inbound message each time', async () => {
    const sandbox = await start()
    const first = await post(sandbox, receiptOf('wamid.abc'))
    const second = await post(sandbox, { ...receiptOf('wamid.abc'), typing_indicator: { type: 'text' } })
    expect(first.status).toBe(200)
    expect(first.body).toEqual({
      data: {
        id: expect.stringMatching(id('msg')),
        object: 'message',
        status: 'read',
        message_id: 'wamid.abc',
      },
      request_id: first.headers.get('x-request-id'),
    })
    expect(second.body.data).toEqual(first.body.data)
    expect(sandbox.stats()).toMatchObject({ receipts: 2, messagesSent: 0 })
  })

  it('are refused for unknown and for outbound messages', async () => {
    const sandbox = await start()
    const unknown = await post(sandbox, receiptOf('wamid.UNKNOWN'))
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'resource_not_found'])
    const magic = await post(sandbox, receiptOf('wamid.OUTBOUND'))
    expect([magic.status, magic.body.error.code, magic.body.error.param]).toEqual([
      400,
      'invalid_field_value',
      'message_id',
    ])
    const sent = await post(sandbox, textTo('+14155550123'))
    const { body } = await call(sandbox, `/v1/${phoneNumberId}/messages/${sent.body.data.id}`)
    const own = await post(sandbox, receiptOf(body.data.message_id))
    expect([own.status, own.body.error.code]).toEqual([400, 'invalid_field_value'])
    expect(sandbox.stats().receipts).toBe(0)
  })
})

describe('authentication', () => {
  it.each([
    ['no header', null, {}],
    ['an unknown token', 'kdv_live_000000000000000000000000', {}],
    ['another scheme', null, { Authorization: 'Basic a2R2' }],
    ['an empty bearer', null, { Authorization: 'Bearer' }],
  ])('refuses %s with 401, an envelope and no rate headers', async (_what, token, headers) => {
    const sandbox = await start()
    const answer = await post(sandbox, textTo('+14155550123'), { token, headers })
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual({
      error: {
        type: 'authentication_error',
        code: 'invalid_api_key',
        message: expect.any(String),
        request_id: answer.headers.get('x-request-id'),
      },
    })
    expect(answer.headers.has('x-ratelimit-limit')).toBe(false)
    expect(sandbox.stats()).toMatchObject({ requests: 1, posts: 1, messagesSent: 0 })
  })

  it('knows expired tokens and several tokens of one organisation', async () => {
    const sandbox = await start({
      organisations: [{ tokens: ['old', 'new'], expiredTokens: ['gone'], phoneNumberIds: [phoneNumberId] }],
    })
    const gone = await call(sandbox, '/v1/me', { token: 'gone' })
    expect([gone.status, gone.body.error.code]).toEqual([401, 'expired_api_key'])
    const old = await call(sandbox, '/v1/me', { token: 'old' })
    const fresh = await call(sandbox, '/v1/me', { token: 'new' })
    expect([old.status, fresh.status]).toEqual([200, 200])
    expect(fresh.body.data.organization).toEqual(old.body.data.organization)
  })
})

describe('the other endpoints', () => {
  it('serve health without a token', async () => {
    const { status, headers, body } = await call(await start(), '/v1/health', { token: null })
    expect([status, body.data.status]).toEqual([200, 'ok'])
    expect(headers.get('x-request-id')).toBe(body.request_id)
  })

  it('describe the caller', async () => {
    const sandbox = await start({ writePerMinute: 60, readPerMinute: 600 })
    const { body } = await call(sandbox, '/v1/me')
    expect(body.data).toEqual({
      organization: { id: expect.stringMatching(id('org')), object: 'organization', name: 'Demo' },
      api_key: { id: expect.stringMatching(id('key')), object: 'api_key', label: 'sandbox', last4: '0001' },
      rate_limits: { tier: 'sandbox', write_per_minute: 60, read_per_minute: 600 },
    })
  })

  it('list the numbers of the organisation only', async () => {
    const sandbox = await start({
      organisations: [
        { tokens: ['a'], phoneNumberIds: ['1000001', '1000002'] },
        { tokens: ['b'], phoneNumberIds: ['2000001'] },
      ],
    })
    const { body, page } = await call(sandbox, '/v1/accounts', { token: 'a' })
    expect(body).toMatchObject({ has_more: false, next_cursor: null, request_id: expect.any(String) })
    expect(page.data.map((row) => row.phone_number_id)).toEqual(['1000001', '1000002'])
    const refused = await call(sandbox, '/v1/accounts?status=CONNECTED', { token: 'a' })
    expect([refused.status, refused.body.error.param]).toEqual([400, 'status'])
  })

  it.each([
    ['POST', '/v1/999999999999/messages'],
    ['POST', '/v1/2000001/messages'],
    ['GET', '/v1/2000001/messages'],
    ['GET', '/v1/nonsense'],
    ['DELETE', `/v1/${phoneNumberId}/messages`],
  ])('answer %s %s, foreign or unknown, with 404', async (method, path) => {
    const sandbox = await start({
      organisations: [
        { tokens: ['a'], phoneNumberIds: [phoneNumberId] },
        { tokens: ['b'], phoneNumberIds: ['2000001'] },
      ],
    })
    const body = method === 'POST' ? textTo('+14155550123') : undefined
    const answer = await call(sandbox, path, { method, token: 'a', body })
    expect([answer.status, answer.body.error.type, answer.body.error.code]).toEqual([
      404,
      'not_found',
      'resource_not_found',
    ])
    expect(sandbox.stats().messagesSent).toBe(0)
  })

  it('answer HEAD like GET, without a body', async () => {
    const sandbox = await start()
    const { statusCode, headers, body } = await request(`${sandbox.url}/v1/health`, { method: 'HEAD' })
    expect(statusCode).toBe(200)
    expect(headers['x-request-id']).toMatch(id('req'))
    expect(await body.text()).toBe('')
  })
})

describe('the listener', () => {
  it('rejects when its port is taken', async () => {
    const { port } = await start()
    await expect(serveSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('refuses connections after it was closed', async () => {
    const sandbox = await serveSandbox()
    await sandbox.close()
    await expect(call(sandbox, '/v1/health')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })

  it('leaves the globals of its process alone', async () => {
    const before = [globalThis.Request, globalThis.Response]
    await call(await start(), '/v1/health')
    expect([globalThis.Request, globalThis.Response]).toEqual(before)
  })

  it('survives callers that hang up in the middle of their request', async () => {
    const sandbox = await start()
    const socket = connect(sandbox.port, '127.0.0.1')
    socket.write(`POST /v1/${phoneNumberId}/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"to"`)
    await expect.poll(() => sandbox.stats().posts, { interval: 1 }).toBe(1)
    socket.destroy()
    await once(socket, 'close')
    expect((await post(sandbox, textTo('+14155550123'))).status).toBe(200)
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('serves 500 concurrent requests, each once', async () => {
    const sandbox = await start()
    const keys = Array.from({ length: 500 }, (_, index) => `key-${index}`)
    const answers = await Promise.all(keys.map((key) => post(sandbox, textTo('+14155550123'), { key })))
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(500)
    expect(sandbox.stats()).toMatchObject({ requests: 500, messagesSent: 500, duplicates: 0 })
  })
})
