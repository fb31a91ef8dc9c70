import { describe, expect, it } from 'vitest'
import type { RunningSandbox } from '../../src/sandbox/serve.ts'
import { type Answer, call, phoneNumberId, post, receiptOf, start, textTo } from './client.ts'

const list = (sandbox: RunningSandbox, query = '') => call(sandbox, `/v1/${phoneNumberId}/messages${query}`)
const ids = (answer: Answer) => answer.page.data.map(({ id }) => id)

async function sendSeveral(sandbox: RunningSandbox, count: number): Promise<string[]> {
  const sent: string[] = []
  for (let index = 0; index < count; index += 1) {
    sent.unshift((await post(sandbox, textTo('+14155550123'))).body.data.id)
  }
  return sent
}

describe('a sent message', () => {
  it('can be read by its id, with its wamid', async () => {
    const sandbox = await start()
    const { data } = (await post(sandbox, textTo('+14155550123'))).body
    const { status, headers, body } = await call(sandbox, `/v1/${phoneNumberId}/messages/${data.id}`)
    expect(status).toBe(200)
    expect(body).toEqual({
      data: {
        ...data,
        status: 'sent',
        direction: 'outbound',
        message_id: expect.stringMatching(/^wamid\.[A-Za-z0-9+/=]+$/),
      },
      request_id: headers.get('x-request-id'),
    })
  })

  it('is unknown to other numbers and to other organisations', async () => {
    const sandbox = await start({
      organisations: [
        { tokens: ['a'], phoneNumberIds: ['1000001', '1000002'] },
        { tokens: ['b'], phoneNumberIds: ['1000001'] },
      ],
    })
    const sent = await call(sandbox, '/v1/1000001/messages', { token: 'a', body: textTo('+14155550123') })
    const read = async (token: string, number: string) =>
      (await call(sandbox, `/v1/${number}/messages/${sent.body.data.id}`, { token })).status
    expect([await read('a', '1000001'), await read('a', '1000002'), await read('b', '1000001')]).toEqual([
      200, 404, 404,
    ])
    const foreign = await call(sandbox, '/v1/1000001/messages', { token: 'b' })
    expect(foreign.body.data).toEqual([])
  })

  it('has media when its type has', async () => {
    const sandbox = await start()
    const image = { messaging_product: 'whatsapp', to: '+14155550123', type: 'image', image: { id: '1' } }
    const picture = (await post(sandbox, image)).body.data.id
    const found = await call(sandbox, `/v1/${phoneNumberId}/messages/${picture}/media`)
    expect([found.status, found.headers.get('location')]).toEqual([302, `https://media.invalid/${picture}`])
    const text = (await post(sandbox, textTo('+14155550123'))).body.data.id
    expect((await call(sandbox, `/v1/${phoneNumberId}/messages/${text}/media`)).status).toBe(404)
  })
})

describe('the list of messages', () => {
  it('comes newest first, page by page', async () => {
    const sandbox = await start()
    const sent = await sendSeveral(sandbox, 5)
    const first = await list(sandbox, '?limit=2')
    expect(ids(first)).toEqual(sent.slice(0, 2))
    expect(first.body).toMatchObject({ has_more: true, request_id: first.headers.get('x-request-id') })
    const second = await list(sandbox, `?limit=2&cursor=${first.page.next_cursor}`)
    expect(ids(second)).toEqual(sent.slice(2, 4))
    const third = await list(sandbox, `?limit=2&cursor=${second.page.next_cursor}`)
    expect(ids(third)).toEqual(sent.slice(4))
    expect(third.body).toMatchObject({ has_more: false, next_cursor: null })
  })

  it('has 25 to a page unless told', async () => {
    const sandbox = await start()
    await sendSeveral(sandbox, 26)
    expect((await list(sandbox)).body.data).toHaveLength(25)
    expect((await list(sandbox, '?limit=100')).body.data).toHaveLength(26)
  })

  it.each(['0', '101', '-1', 'ten', '1.5', ''])('refuses limit=%s', async (limit) => {
    const { status, body } = await list(await start(), `?limit=${limit}`)
    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_limit', 'limit'])
  })

  it('refuses a cursor that was altered, made up, or made for other filters', async () => {
    const sandbox = await start()
    await sendSeveral(sandbox, 3)
    const { next_cursor } = (await list(sandbox, '?limit=1')).page
    const signature = Buffer.from(next_cursor, 'base64url').toString().split('.')[1]
    const altered = Buffer.from(`1.${signature}`).toString('base64url')
    for (const query of [`cursor=${altered}`, 'cursor=abc', 'cursor=', `status=sent&cursor=${next_cursor}`]) {
      const { status, body } = await list(sandbox, `?${query}`)
      expect([query, status, body.error?.code]).toEqual([query, 400, 'invalid_cursor'])
    }
    expect((await list(sandbox, `?limit=1&cursor=${next_cursor}`)).status).toBe(200)
  })

  it('is filtered by conversation, direction, status and time', async () => {
    let now = Date.UTC(2026, 0, 1)
    const sandbox = await start({ now: () => now })
    const one = (await post(sandbox, textTo('+14155550123'))).body.data
    now += 1000
    const failed = (await post(sandbox, textTo('+9994131047'))).body.data
    const read = (await post(sandbox, receiptOf('wamid.abc'))).body.data
    expect(ids(await list(sandbox, `?conversation_id=${one.conversation_id}`))).toEqual([one.id])
    expect(ids(await list(sandbox, '?direction=inbound'))).toEqual([read.id])
    expect(ids(await list(sandbox, '?status=failed'))).toEqual([failed.id])
    expect(ids(await list(sandbox, `?created_after=${one.created_at}`))).toEqual([read.id, failed.id])
    expect(ids(await list(sandbox, '?direction=outbound&status=sent'))).toEqual([one.id])
  })

  it.each(['direction=both', 'status=SENT', 'created_after=yesterday'])('refuses %s', async (query) => {
    const { status, body } = await list(await start(), `?${query}`)
    expect([status, body.error.code, body.error.param]).toEqual([
      400,
      'invalid_field_value',
      query.split('=')[0],
    ])
  })
})
