import { describe, expect, it, vi } from 'vitest'
import { checkAnswer, expectError, expectSuccess } from '../../support/envelope.ts'
import { globexNumber, keyOf, text } from '../../support/fixture.ts'
import { healthText, requestText, slowRecipient } from '../../support/local-gateway.ts'
import { useLocalGateway } from '../../support/use-local-gateway.ts'

const gateway = useLocalGateway()

const body = (to: string, words?: string) => JSON.stringify(text(to, words))
const slow = (key?: string) =>
  requestText({
    body: body(slowRecipient),
    ...(key !== undefined && { lines: [`Idempotency-Key: ${key}`] }),
  })

/** Messages with these words that were really sent. */
const sentWith = (words: string): number =>
  gateway.sandbox.messages().filter((message) => JSON.stringify(message).includes(words)).length

describe('pipelined requests', () => {
  it('of two tenants are answered in their order, each with its own answer', async () => {
    const connection = gateway.open()
    const crm = `Bearer ${keyOf('crm')}`
    connection.send(
      slow() +
        requestText({ authorization: crm, body: body('+14155550201') }) +
        requestText({ body: body('+14155550202'), chunks: 9 }) +
        requestText({ method: 'GET', target: '/v1/me', authorization: crm, body: null }) +
        requestText({ method: 'GET', target: '/v1/me', body: null }) +
        requestText({ target: `/v1/${globexNumber}/messages`, authorization: crm }) +
        healthText(),
    )
    expect(expectSuccess(await connection.answer()).to).toBe(slowRecipient)
    expect(expectSuccess(await connection.answer()).to).toBe('+14155550201')
    expect(expectSuccess(await connection.answer()).to).toBe('+14155550202')
    expect(expectSuccess(await connection.answer()).id).toBe('crm')
    expect(expectSuccess(await connection.answer()).id).toBe('billing')
    // The tenant crm has every number of its account, and this one is of another.
    expectError(await connection.answer(), 404, 'resource_not_found')
    expect((await connection.answer()).status).toBe(200)
  })

  it('are many, and every one is answered under an id of its own', async () => {
    const connection = gateway.open()
    const recipients = Array.from({ length: 50 }, (_, at) => `+141555503${String(at).padStart(2, '0')}`)
    connection.send(recipients.map((to) => requestText({ body: body(to) })).join(''))
    const ids = new Set<unknown>()
    for (const to of recipients) {
      const answer = await connection.answer()
      expect(expectSuccess(answer).to).toBe(to)
      ids.add(answer.headers.get('x-request-id'))
    }
    expect(ids.size).toBe(50)
  })

  it.each([
    ['garbage', '\0\0garbage\r\n\r\n'],
    ['garbage in pieces', '\0'],
    ['a request with two Hosts', healthText({ lines: ['Host: other.test'] })],
    ['a request with a broken chunk', requestText({ chunks: 10 }).replace(/\r\n\r\n.*/s, '\r\n\r\nzz\r\n')],
  ])('keep their answers, whole, when %s comes after them', async (_, garbage) => {
    const connection = gateway.open()
    connection.send(slow() + requestText({ body: body('+14155550204') }) + garbage)
    await vi.waitFor(() => expect(gateway.sandbox.stats().posts).toBeGreaterThan(0))
    connection.send('more of it\r\n\r\n')
    expect(expectSuccess(await connection.answer()).to).toBe(slowRecipient)
    expect(expectSuccess(await connection.answer()).to).toBe('+14155550204')
    expectError(await connection.answer(), 400, 'invalid_request')
    expect(await connection.rest()).toEqual([])
  })

  it('that stand behind a refused one are not acted upon', async () => {
    const connection = gateway.open()
    connection.send(healthText({ host: null }) + requestText({ body: body('+14155550205', 'behind') }))
    expectError(await connection.answer(), 400, 'invalid_request')
    expect(await connection.rest()).toEqual([])
    expect(sentWith('behind')).toBe(0)
  })
})

describe('CONNECT', () => {
  const connect = requestText({ method: 'CONNECT', target: 'other.test:443', body: null })

  it('is a method that nothing takes', async () => {
    const connection = gateway.open()
    connection.send(connect)
    const answer = await connection.answer()
    expectError(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('connection')).toBe('close')
    expect(await connection.rest()).toEqual([])
    await connection.gone()
  })

  it('does not take the answers of the requests before it', async () => {
    const connection = gateway.open()
    connection.send(slow() + connect)
    expect(expectSuccess(await connection.answer()).to).toBe(slowRecipient)
    expectError(await connection.answer(), 405, 'method_not_allowed')
    expect(await connection.rest()).toEqual([])
  })

  it('is survived when its caller resets the connection', async () => {
    for (let times = 0; times < 5; times += 1) {
      const connection = gateway.open()
      connection.send(connect)
      await connection.answer()
      connection.reset()
    }
    const connection = gateway.open()
    connection.send(slow() + connect)
    connection.reset()
    const next = gateway.open()
    next.send(slow())
    expectSuccess(await next.answer())
  })
})

describe('a caller that ends its side', () => {
  it.each([
    ['at once', requestText({ body: body('+14155550206') })],
    ['of a slow request', slow()],
    ['of pipelined requests', slow() + requestText({ body: body('+14155550207') })],
    ['of a chunked request', requestText({ body: body('+14155550208'), chunks: 5 })],
  ])('still gets its answer: %s', async (_, bytes) => {
    const connection = gateway.open()
    connection.send(bytes)
    connection.finish()
    const answers = await connection.rest()
    expect(answers).toHaveLength(bytes.split('HTTP/1.1\r\n').length - 1)
    for (const answer of answers) expectSuccess(answer)
    await connection.gone()
  })

  it('without a request gets nothing', async () => {
    const connection = gateway.open()
    connection.finish()
    expect(await connection.rest()).toEqual([])
  })
})

describe('a caller that hangs up after its request', () => {
  const keyed = (words: string, to: string, chunks?: number) =>
    requestText({
      body: body(to, words),
      lines: [`Idempotency-Key: ${words}`],
      ...(chunks !== undefined && { chunks }),
    })
  it.each([
    ['at once', 'hangs-up-at-once', '+14155550209', undefined],
    ['at once, after a chunked body', 'hangs-up-chunked', '+14155550210', 11],
    ['while the upstream is slow', 'hangs-up-slow', slowRecipient, undefined],
  ])('has its message sent once, and a retry finds it: %s', async (_, words, to, chunks) => {
    const connection = gateway.open()
    connection.send(keyed(words, to, chunks))
    connection.hangUp()
    await vi.waitFor(() => expect(sentWith(words)).toBe(1), { interval: 5 })
    const retry = gateway.open()
    retry.send(keyed(words, to))
    const answer = await retry.answer()
    expect(expectSuccess(answer).to).toBe(to)
    expect(answer.headers.get('idempotent-replayed')).toBe('true')
    expect(sentWith(words)).toBe(1)
  })

  it('with a reset in the middle of the wait has its message sent, too', async () => {
    const words = 'resets-in-the-wait'
    const connection = gateway.open()
    const before = gateway.sandbox.stats().posts
    connection.send(keyed(words, slowRecipient))
    await vi.waitFor(() => expect(gateway.sandbox.stats().posts).toBe(before + 1), { interval: 5 })
    connection.reset()
    await vi.waitFor(() => expect(sentWith(words)).toBe(1), { interval: 5 })
    const retry = gateway.open()
    retry.send(keyed(words, slowRecipient))
    const answer = await retry.answer()
    checkAnswer(answer)
    expect(answer.headers.get('idempotent-replayed')).toBe('true')
    expect(gateway.sandbox.stats().duplicates).toBe(0)
  })
})
