import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkAnswer, expectSuccess } from '../../support/envelope.ts'
import { keyOf, text } from '../../support/fixture.ts'
import { healthText, requestText } from '../../support/local-gateway.ts'
import { useLocalGateway } from '../../support/use-local-gateway.ts'

const gateway = useLocalGateway()

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const valid = fc.constantFrom(
  requestText({ lines: ['Idempotency-Key: fuzz'] }),
  requestText({ chunks: 20 }),
  requestText({ version: '1.0' }),
  requestText({ lines: ['Expect: 100-continue', 'Connection: Upgrade', 'Upgrade: h2c'] }),
  requestText({ body: JSON.stringify({ status: 'read', message_id: 'wamid.HBgLMTQxNTU1NTAxMjM' }) }),
  requestText({ method: 'GET', body: null }),
  requestText({ method: 'GET', target: '/v1/me', body: null }),
  healthText() + requestText() + requestText({ chunks: 7 }),
)

/** A place in a text, as a share of its length. */
const share = fc.integer({ min: 0, max: 9999 }).map((at) => at / 10_000)

const change = fc.record({
  at: share,
  length: fc.integer({ min: 0, max: 12 }),
  put: fc.oneof(
    fc.constant(''),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map(latin1),
    fc.constantFrom(
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      ':',
      ',',
      '"',
      '%',
      '\0',
      '\xff',
      '{',
      '}',
      '0',
      '-1',
    ),
  ),
})

const mutated = fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 4 })).map(([request, changes]) =>
  changes.reduce((bytes, { at, length, put }) => {
    const start = Math.floor(at * bytes.length)
    return bytes.slice(0, start) + put + bytes.slice(start + length)
  }, request),
)

/** HTTP of every sort in any order. No HEAD: an answer to it cannot be told apart without the request. */
const pieces = fc
  .array(
    fc.constantFrom(
      'GET ',
      'POST ',
      'CONNECT ',
      'OPTIONS ',
      '/v1/me',
      '/v1/106540352242922/messages',
      'http://x',
      '*',
      ' HTTP/1.1\r\n',
      ' HTTP/1.0\r\n',
      'Host: x\r\n',
      `Authorization: Bearer ${keyOf('billing')}\r\n`,
      'Content-Type: application/json\r\n',
      'Content-Length: 0\r\n',
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding: x\r\n',
      'Expect: 100-continue\r\n',
      'Connection: close\r\n',
      'Connection: upgrade\r\nUpgrade: x\r\n',
      'Idempotency-Key: a\r\n',
      '\r\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      JSON.stringify(text()),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''))

const random = fc.uint8Array({ maxLength: 400 }).map(latin1)

describe('bytes of any kind', () => {
  it('never crash the gateway, are never a 500, and are answered in envelopes or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, mutated, mutated, pieces, random), share, async (bytes, cut) => {
        const connection = gateway.open()
        const half = Math.floor(cut * bytes.length)
        connection.send(bytes.slice(0, half))
        await new Promise((resolve) => setImmediate(resolve))
        connection.send(bytes.slice(half))
        connection.finish()
        // The gateway ends every connection whose caller has, and what it wrote is whole answers.
        for (const answer of await connection.rest()) if (answer.status !== 100) checkAnswer(answer)
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 1000) },
    )
    const connection = gateway.open()
    connection.send(requestText())
    expectSuccess(await connection.answer())
    expect(gateway.log()).not.toContain('internal_error')
  })
})
