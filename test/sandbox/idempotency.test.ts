import { describe, expect, it } from 'vitest'
import type { RunningSandbox } from '../../src/sandbox/serve.ts'
import { call, failureOf, post, start, textTo } from './client.ts'

const to = '+14155550123'
const slowTo = '+999000010'
/** Never answered the first time; the key stays taken until that caller hangs up. */
const hungTo = '+9990000021'

/** Takes the key with a request that is never answered. */
async function hold(sandbox: RunningSandbox) {
  const controller = new AbortController()
  const failure = failureOf(post(sandbox, textTo(hungTo), { key: 'k', signal: controller.signal }))
  await expect.poll(() => sandbox.stats().byKey.k?.received, { interval: 1 }).toBe(1)
  return {
    async hangUp() {
      controller.abort()
      expect(await failure).toBe('AbortError')
    },
  }
}

describe('an idempotency key', () => {
  it('gives the first answer again, with the same request id', async () => {
    const sandbox = await start()
    const first = await post(sandbox, textTo(to), { key: 'k' })
    const second = await post(sandbox, textTo(to), { key: 'k' })
    expect(first.headers.get('idempotent-replayed')).toBe('false')
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(second.text).toBe(first.text)
    expect(second.headers.get('x-request-id')).toBe(second.body.request_id)
    expect(sandbox.stats()).toMatchObject({
      posts: 2,
      messagesSent: 1,
      replays: 1,
      duplicates: 0,
      byKey: { k: { received: 2, sent: 1 } },
    })
  })

  it('means the same whatever the order of the fields, but not of the items of a list', async () => {
    const sandbox = await start()
    const template = (parameters: object[], flip = false) => {
      const parts = { name: 'hello', language: 'id', components: [{ type: 'body', parameters }] }
      const entries = Object.entries({ messaging_product: 'whatsapp', to, type: 'template', template: parts })
      return Object.fromEntries(flip ? entries.reverse() : entries)
    }
    const [one, two] = [
      { type: 'text', text: 'Mira' },
      { type: 'text', text: 'PO-88' },
    ]
    const first = await post(sandbox, template([one, two]), { key: 'k' })
    const flipped = { text: 'Mira', type: 'text' }
    expect((await post(sandbox, template([flipped, two], true), { key: 'k' })).text).toBe(first.text)
    expect((await post(sandbox, template([two, one]), { key: 'k' })).status).toBe(422)
  })

  it('is refused with 422 for another body', async () => {
    const sandbox = await start()
    await post(sandbox, textTo(to, 'one'), { key: 'k' })
    const other = await post(sandbox, textTo(to, 'two'), { key: 'k' })
    expect([other.status, other.body.error.type, other.body.error.code]).toEqual([
      422,
      'invalid_request_error',
      'idempotency_key_reuse',
    ])
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('is refused with 422 for another phone number', async () => {
    const sandbox = await start()
    await post(sandbox, textTo(to), { key: 'k' })
    const other = await call(sandbox, '/v1/106540352242923/messages', { body: textTo(to), key: 'k' })
    expect(other.status).toBe(422)
  })

  it('belongs to one organisation', async () => {
    const sandbox = await start({
      organisations: [
        { tokens: ['a1', 'a2'], phoneNumberIds: ['1000001'] },
        { tokens: ['b'], phoneNumberIds: ['1000001'] },
      ],
    })
    const as = (token: string) => call(sandbox, '/v1/1000001/messages', { token, key: 'k', body: textTo(to) })
    const first = await as('a1')
    expect((await as('a2')).text).toBe(first.text)
    expect((await as('b')).headers.get('idempotent-replayed')).toBe('false')
    expect(sandbox.stats()).toMatchObject({ messagesSent: 2, duplicates: 0 })
  })

  it('is forgotten after 24 hours, and a message sent again then counts as a duplicate', async () => {
    let now = Date.UTC(2026, 0, 1)
    const sandbox = await start({ now: () => now })
    const first = await post(sandbox, textTo(to), { key: 'k' })
    now += 86_399_999
    expect((await post(sandbox, textTo(to), { key: 'k' })).text).toBe(first.text)
    now += 1
    const again = await post(sandbox, textTo(to), { key: 'k' })
    expect(again.headers.get('idempotent-replayed')).toBe('false')
    expect(sandbox.stats()).toMatchObject({ messagesSent: 2, duplicates: 1 })
  })

  it('makes a second request wait for the answer of the first', async () => {
    const sandbox = await start({ slowMs: 40 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(sandbox, textTo(slowTo), { key: 'k' })),
    )
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const replayed = answers.map(({ headers }) => headers.get('idempotent-replayed'))
    expect(replayed.filter((value) => value === 'false')).toHaveLength(1)
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('gives 409 when the first is still running after the wait', async () => {
    const sandbox = await start({ inFlightWaitMs: 5 })
    const first = await hold(sandbox)
    const second = await post(sandbox, textTo(hungTo), { key: 'k' })
    expect([second.status, second.body.error.type, second.body.error.code]).toEqual([
      409,
      'conflict',
      'idempotency_in_progress',
    ])
    await first.hangUp()
    expect(sandbox.stats().messagesSent).toBe(0)
  })

  it('gives 422 and not 409 for another body while the first is running', async () => {
    const sandbox = await start()
    const first = await hold(sandbox)
    expect((await post(sandbox, textTo(hungTo, 'other'), { key: 'k' })).status).toBe(422)
    await first.hangUp()
  })

  it('lets the waiting request take over when the first one came to nothing', async () => {
    const sandbox = await start()
    const first = await hold(sandbox)
    const second = post(sandbox, textTo(hungTo), { key: 'k' })
    await expect.poll(() => sandbox.stats().byKey.k?.received, { interval: 1 }).toBe(2)
    await first.hangUp()
    expect((await second).headers.get('idempotent-replayed')).toBe('false')
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('is absent when empty, refused when too long, and ignored on GET', async () => {
    const sandbox = await start()
    const unkeyed = await post(sandbox, textTo(to), { key: '' })
    expect(unkeyed.status).toBe(200)
    expect(unkeyed.headers.has('idempotent-replayed')).toBe(false)
    expect((await post(sandbox, textTo(to), { key: 'x'.repeat(256) })).status).toBe(400)
    expect((await post(sandbox, textTo(to), { key: 'x'.repeat(255) })).status).toBe(200)
    const read = await call(sandbox, '/v1/me', { key: 'k' })
    expect(read.headers.has('idempotent-replayed')).toBe(false)
  })
})
