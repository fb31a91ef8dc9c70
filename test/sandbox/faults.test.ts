import { describe, expect, it } from 'vitest'
import { faults } from '../../src/sandbox/faults.ts'
import { demoToken } from '../../src/sandbox/organisation.ts'
import type { RunningSandbox } from '../../src/sandbox/serve.ts'
import {
  type Answer,
  type Call,
  call,
  failureOf,
  hangUp,
  phoneNumberId,
  post,
  receiptOf,
  start,
  textTo,
} from './client.ts'

const now = Date.UTC(2026, 5, 2, 8, 15, 30)
const options = { now: () => now, slowMs: 40 }

type Seen = (answer: Answer) => void

const envelope =
  (status: number, code: string): Seen =>
  (answer) => {
    expect([answer.status, answer.body?.error?.code]).toEqual([status, code])
    expect(answer.body.error.request_id).toBe(answer.headers.get('x-request-id'))
    expect(answer.body.error.message).toEqual(expect.any(String))
  }
const html =
  (status: number, retryAfter: string | null = null): Seen =>
  ({ status: given, headers, text }) => {
    expect([given, headers.get('content-type'), text.slice(0, 6)]).toEqual([status, 'text/html', '<html>'])
    expect(headers.get('retry-after')).toBe(retryAfter)
    expect(headers.has('x-request-id')).toBe(false)
  }
const empty =
  (status: number): Seen =>
  (answer) => {
    expect([answer.status, answer.text]).toEqual([status, ''])
  }
const tooMany =
  (retryAfter: string | null): Seen =>
  (answer) => {
    envelope(429, 'rate_limit_exceeded')(answer)
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
  }
const all =
  (...checks: Seen[]): Seen =>
  (answer) => {
    for (const check of checks) check(answer)
  }
const repeatsToken: Seen = ({ text }) => expect(text).toContain(demoToken)

/** What each number does, told independently of `faults.ts`: an answer, or the client's failure. */
const refusals: Record<string, Seen | string> = {
  '+999000001': 'ECONNRESET',
  '+999000002': 'AbortError',
  '+999000003': 'other side closed',
  '+999030200': (answer) =>
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/v1/redirect-target']),
  '+999040000': envelope(400, 'invalid_field_value'),
  '+999040001': html(400),
  '+999040002': all(envelope(400, 'invalid_field_value'), repeatsToken),
  '+999040100': envelope(401, 'invalid_api_key'),
  '+999040300': envelope(403, 'phone_number_forbidden'),
  '+999040400': envelope(404, 'resource_not_found'),
  '+999040900': envelope(409, 'idempotency_conflict'),
  '+999040901': envelope(409, 'idempotency_in_progress'),
  '+999042200': envelope(422, 'idempotency_key_reuse'),
  '+999042201': envelope(422, 'account_not_connected'),
  '+999042900': tooMany('1'),
  '+999042901': tooMany('Tue, 02 Jun 2026 08:15:32 GMT'),
  '+999042902': tooMany(null),
  '+999042903': tooMany('3600'),
  '+999050000': envelope(500, 'internal_error'),
  '+999050001': empty(500),
  '+999050200': envelope(502, 'whatsapp_upstream_error'),
  '+999050201': html(502),
  '+999050202': all(html(502), repeatsToken),
  '+999050300': envelope(503, 'service_unavailable'),
  '+999050301': html(503, '1'),
  '+999050400': html(504),
}

const ok: Seen = ({ status, body, headers }) => {
  expect([status, body?.data?.object]).toEqual([200, 'message'])
  expect(headers.get('idempotent-replayed')).toBe('false')
}

const acceptances: Record<string, Seen | string> = {
  '+999000010': ok,
  '+999000011': 'ECONNRESET',
  '+999000012': 'AbortError',
  '+999000014': 'ECONNRESET',
  '+999000013': 'other side closed',
  '+999000015': 'HTTPParserError',
  '+999020001': html(200),
  '+999020002': 'other side closed',
  '+999020003': all(ok, ({ text }) => expect(text.length).toBeGreaterThan(1024 * 1024)),
  '+999020004': all(ok, ({ headers }) => expect(headers.get('content-type')).toBe('text/plain')),
  '+999020005': ({ status, text }) => expect([status, text]).toEqual([200, '{"ok":true}']),
  '+999020006': empty(200),
  '+999020007': all(ok, repeatsToken),
  '+999020200': ({ status, body }) => expect([status, body.data.status]).toEqual([202, 'queued']),
  '+999050009': empty(500),
  '+999050209': html(502),
  '+999050409': html(504),
}

/** Requests under the key that have arrived whole. */
const received = (sandbox: RunningSandbox): number => sandbox.stats().byKey.k?.received ?? 0

/** Tries once under the key `k` and compares; a caller that gets no answer hangs up once the request has arrived. */
async function expectSeen(
  seen: Seen | string | undefined,
  sandbox: RunningSandbox,
  to: string,
): Promise<void> {
  const attempt = (more: Call = {}) => post(sandbox, textTo(to), { key: 'k', ...more })
  if (typeof seen === 'function') return seen(await attempt())
  const before = received(sandbox)
  const arrived = () => received(sandbox) > before
  const failure =
    seen === 'AbortError' ? hangUp(arrived, (signal) => attempt({ signal })) : failureOf(attempt())
  expect(await failure).toBe(seen)
}

const numbersOf = (kind: 'accept' | 'other') =>
  faults.filter(({ act }) => (act.kind === 'accept') === (kind === 'accept')).map(({ number }) => number)

describe('magic numbers', () => {
  it('have the form of phone numbers', () => {
    for (const { number } of faults) expect(number).toMatch(/^\+[1-9]\d{6,14}$/)
    expect(new Set(faults.map(({ number }) => number)).size).toBe(faults.length)
  })

  it('are all covered by these tests', () => {
    expect(Object.keys(refusals).sort()).toEqual(numbersOf('other').sort())
    expect(Object.keys(acceptances).sort()).toEqual(numbersOf('accept').sort())
  })
})

describe('a fault before acceptance', () => {
  it.each(numbersOf('other'))('%s sends nothing, each time it is tried', async (number) => {
    const sandbox = await start(options)
    await expectSeen(refusals[number], sandbox, number)
    await expectSeen(refusals[number], sandbox, number)
    expect(sandbox.stats()).toMatchObject({ posts: 2, messagesSent: 0, replays: 0 })
    expect(sandbox.messages()).toEqual([])
  })

  it.each(numbersOf('other'))('%s goes away after the tries of an appended digit', async (number) => {
    const sandbox = await start(options)
    const to = `${number}2`
    await expectSeen(refusals[number], sandbox, to)
    await expectSeen(refusals[number], sandbox, to)
    ok(await post(sandbox, textTo(to), { key: 'k' }))
    ok200(await post(sandbox, textTo(to), { key: 'k' }))
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, replays: 1, duplicates: 0 })
  })

  it('counts tries per key, and per recipient without a key', async () => {
    const sandbox = await start()
    const status = async (given = {}) => (await post(sandbox, textTo('+9990503001'), given)).status
    expect([await status({ key: 'a' }), await status({ key: 'b' }), await status()]).toEqual([503, 503, 503])
    expect([await status({ key: 'a' }), await status({ key: 'b' }), await status()]).toEqual([200, 200, 200])
    expect(await status()).toBe(503)
  })
})

describe('a fault after acceptance', () => {
  it.each(numbersOf('accept'))('%s sends once, and a retry gets the true answer', async (number) => {
    const sandbox = await start(options)
    await expectSeen(acceptances[number], sandbox, number)
    expect(sandbox.stats()).toMatchObject({ posts: 1, messagesSent: 1 })
    const retry = await post(sandbox, textTo(number), { key: 'k' })
    expect(retry.status).toBe(number === '+999020200' ? 202 : 200)
    expect(retry.headers.get('idempotent-replayed')).toBe('true')
    expect(retry.body.request_id).toBe(retry.headers.get('x-request-id'))
    expect(retry.body.data.id).toBe(sandbox.messages()[0]?.resource.id)
    expect(retry.text).not.toContain(demoToken)
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, duplicates: 0, replays: 1 })
  })

  it('sends again for every unkeyed try', async () => {
    const sandbox = await start()
    expect(await failureOf(post(sandbox, textTo('+999000011')))).toBe('ECONNRESET')
    expect(await failureOf(post(sandbox, textTo('+999000011')))).toBe('ECONNRESET')
    expect(sandbox.stats().messagesSent).toBe(2)
  })

  it('sends even when the caller has hung up meanwhile', async () => {
    const sandbox = await start({ slowMs: 50 })
    const slow = (signal?: AbortSignal) =>
      post(sandbox, textTo('+999000010'), { key: 'k', ...(signal && { signal }) })
    expect(await hangUp(() => received(sandbox) === 1, slow, 0)).toBe('AbortError')
    ok200(await slow())
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('lets the head of the answer through when the reset comes in its body', async () => {
    const sandbox = await start()
    const response = await fetch(`${sandbox.baseUrl}/${phoneNumberId}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${demoToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(textTo('+999000014')),
    })
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })
})

const ok200 = ({ status, headers }: Answer) =>
  expect([status, headers.get('idempotent-replayed')]).toEqual([200, 'true'])

describe('refusals by Meta', () => {
  const refused = async (prefix: string, code: string) => {
    const sandbox = await start()
    const answer = await post(sandbox, textTo(`${prefix}${code}`))
    expect(sandbox.stats().messagesSent).toBe(0)
    return answer
  }

  it.each([131047, 131026, 132001, 190, 4])("come in Meta's own shape with %d", async (code) => {
    const { status, body } = await refused('+9991', String(code).padStart(6, '0'))
    expect(status).toBe(400)
    expect(body.error).toEqual({
      message: expect.stringContaining(`(#${code}) `),
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details: expect.any(String) },
      fbtrace_id: expect.any(String),
    })
  })

  it('hide in a 502 as a number', async () => {
    const { status, headers, body } = await refused('+9992', '131037')
    expect(status).toBe(502)
    expect(body.error).toMatchObject({ type: 'api_error', code: 131037 })
    expect(body.error.request_id).toBe(headers.get('x-request-id'))
  })

  it.each([
    ['131047', 'outside_24h_window'],
    ['132015', 'template_paused'],
    ['131026', '131026'],
  ])('%s comes as 422 with the code "%s" and its number beside', async (code, name) => {
    const { status, body } = await refused('+9993', code)
    expect([status, body.error.code, body.error.provider_code]).toEqual([422, name, Number(code)])
  })

  it('hide in the text of a 502', async () => {
    const { status, body } = await refused('+9995', '132016')
    expect([status, body.error.code]).toEqual([502, 'whatsapp_upstream_error'])
    expect(body.error.message).toContain('132016')
  })

  it('come after acceptance', async () => {
    const sandbox = await start()
    const sent = await post(sandbox, textTo('+9994131047'), { key: 'k' })
    expect([sent.status, sent.body.data.status, sent.body.data.error]).toEqual([200, 'queued', undefined])
    const { body } = await call(sandbox, `/v1/${phoneNumberId}/messages/${sent.body.data.id}`)
    expect(body.data.status).toBe('failed')
    expect(body.data.error).toEqual({
      code: 'outside_24h_window',
      message: expect.any(String),
      provider_code: 131047,
    })
  })

  it('go away after the tries of an appended digit', async () => {
    const sandbox = await start()
    const send = () => post(sandbox, textTo('+99921310161'), { key: 'k' })
    expect((await send()).body.error.code).toBe(131016)
    ok(await send())
  })
})

describe('magic numbers beyond recipients', () => {
  it.each(['+999', '+9990999', '+999123', '+999050003', '+9990000111', '+99941310471', '+9996131047'])(
    'refuse %s, which means nothing',
    async (number) => {
      const sandbox = await start()
      const { status, body } = await post(sandbox, textTo(number.padEnd(8, '0')))
      expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_phone_number', 'to'])
    },
  )

  it('work as the wamid of a read receipt', async () => {
    const sandbox = await start()
    envelope(502, 'whatsapp_upstream_error')(await post(sandbox, receiptOf('wamid.999050200')))
    expect(await failureOf(post(sandbox, receiptOf('wamid.999000011'), { key: 'k' }))).toBe('ECONNRESET')
    ok200(await post(sandbox, receiptOf('wamid.999000011'), { key: 'k' }))
    expect(sandbox.stats()).toMatchObject({ receipts: 1, messagesSent: 0 })
  })

  const read = (sandbox: RunningSandbox, number: string, given = {}) =>
    call(sandbox, `/v1/${number}/messages`, given)

  it('work as the phone number id of a read', async () => {
    const sandbox = await start()
    html(502)(await read(sandbox, '999050201'))
    expect(await failureOf(read(sandbox, '999000001'))).toBe('ECONNRESET')
    expect((await read(sandbox, '999020001')).text).toMatch(/^<html>/)
    envelope(422, 'outside_24h_window')(await call(sandbox, '/v1/9993131047/messages/msg_1'))
    envelope(404, 'resource_not_found')(await read(sandbox, '999050003'))
  })

  it('leave a number alone that an organisation really has', async () => {
    const sandbox = await start({ organisations: [{ tokens: ['a'], phoneNumberIds: ['999050201'] }] })
    expect((await read(sandbox, '999050201', { token: 'a' })).status).toBe(200)
  })
})
