import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { keyOf, text } from '../../support/fixture.ts'
import {
  type LocalGateway,
  type RequestParts,
  requestText,
  startLocalGateway,
} from '../../support/local-gateway.ts'
import { closeConnections } from '../../support/raw-http.ts'

let gateway: LocalGateway
beforeAll(async () => {
  gateway = await startLocalGateway()
})
afterEach(closeConnections)
afterAll(() => gateway.close())

const post = (parts: RequestParts) => {
  const connection = gateway.open()
  connection.send(requestText(parts))
  return connection.answer()
}

describe('the Authorization header', () => {
  const good = `Authorization: Bearer ${keyOf('billing')}`
  const other = `Authorization: Bearer ${keyOf('crm')}`
  const rows: [what: string, lines: string[]][] = [
    ['given twice', [good, other]],
    ['given twice the other way round', [other, good]],
    ['given twice, both the same', [good, good]],
    ['good, then empty', [good, 'Authorization:']],
    ['empty, then good', ['Authorization:', good]],
    ['empty twice', ['Authorization:', 'Authorization:']],
    ['good, then of another scheme', [good, 'Authorization: Basic abc']],
    ['given twice in another spelling', [good, other.toUpperCase().replace('BEARER', 'bearer')]],
    ['two keys in one line', [`${good}, Bearer ${keyOf('crm')}`]],
    ['a key with bytes after it', [`${good}\xff`]],
    ['a key with a tab in it', [`${good}\tx`]],
    ['a scheme without a key', ['Authorization: Bearer']],
    ['a scheme with blanks', ['Authorization: Bearer    ']],
    ['a key without a scheme', [`Authorization: ${keyOf('billing')}`]],
  ]
  it.each(rows)('is an invalid_api_key when it is %s', async (_, lines) => {
    expectError(await post({ authorization: null, lines }), 401, 'invalid_api_key')
  })

  it.each([
    ['there is none', []],
    ['it is empty', ['Authorization:']],
    ['it is blank', ['Authorization:  \t ']],
    ['it is given to the proxy', [`Proxy-Authorization: Bearer ${keyOf('billing')}`]],
  ])('is a missing_api_key when %s', async (_, lines) => {
    expectError(await post({ authorization: null, lines }), 401, 'missing_api_key')
  })

  it.each([
    ['in any case', `aUTHORIZATION: bEARER ${keyOf('billing')}`],
    ['with blanks around the key', `Authorization: \t Bearer   ${keyOf('billing')} \t `],
    ['without a blank after the colon', `Authorization:Bearer ${keyOf('billing')}`],
  ])('is read %s', async (_, line) => {
    expectSuccess(await post({ authorization: null, lines: [line] }))
  })
})

describe('the Idempotency-Key header', () => {
  it.each([
    ['given twice', ['Idempotency-Key: a', 'Idempotency-Key: b']],
    ['given twice, both the same', ['Idempotency-Key: a', 'Idempotency-Key: a']],
    ['given twice, quoted', ['Idempotency-Key: "a"', 'Idempotency-Key: "b"']],
    ['given twice, first empty', ['Idempotency-Key:', 'Idempotency-Key: a']],
    ['given twice, last empty', ['Idempotency-Key: a', 'idempotency-key:']],
    ['given twice, both empty', ['Idempotency-Key:', 'Idempotency-Key:']],
    ['given twice with a quote over both', ['Idempotency-Key: "a', 'Idempotency-Key: b"']],
    ['empty', ['Idempotency-Key:']],
    ['blank', ['Idempotency-Key:   ']],
    ['a pair of quotes', ['Idempotency-Key: ""']],
    ['of bytes beyond ASCII', ['Idempotency-Key: caf\xe9']],
    ['of UTF-8', ['Idempotency-Key: \xc3\xbc']],
    ['of two words', ['Idempotency-Key: a b']],
    ['of two words with a tab', ['Idempotency-Key: a\tb']],
    ['of 256 characters', [`Idempotency-Key: ${'k'.repeat(256)}`]],
    ['of 256 quoted characters', [`Idempotency-Key: "${'k'.repeat(256)}"`]],
  ])('is an invalid_idempotency_key when it is %s', async (_, lines) => {
    const before = gateway.sandbox.stats().requests
    expectError(await post({ lines }), 400, 'invalid_idempotency_key')
    expect(gateway.sandbox.stats().requests).toBe(before)
  })

  it('means the same bare, quoted and with blanks around it', async () => {
    const first = await post({ lines: ['Idempotency-Key: one'] })
    expect(first.headers.get('idempotent-replayed')).toBe('false')
    for (const line of ['Idempotency-Key: "one"', 'idempotency-key:\t one \t', 'IDEMPOTENCY-KEY:"one"']) {
      const again = await post({ lines: [line] })
      expectSuccess(again)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(again.body).toBe(first.body)
    }
  })

  it('may be 255 characters long, and hold every visible one', async () => {
    const visible = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at)).join('')
    const key = (visible + 'k'.repeat(255)).slice(0, 255)
    expectSuccess(await post({ lines: [`Idempotency-Key: ${key}`] }))
    expectSuccess(await post({ lines: [`Idempotency-Key: "${'q'.repeat(255)}"`] }))
  })
})

describe('headers beyond the two thousandth', () => {
  const many = Array.from({ length: 2500 }, () => 'x:')

  it('count like all others', async () => {
    const lines = [...many, 'Idempotency-Key: late']
    const first = await post({ lines })
    expect(first.headers.get('idempotent-replayed')).toBe('false')
    const again = await post({ lines: ['Idempotency-Key: late'] })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body).toBe(first.body)
  })

  it.each([
    ['a second key', 401, 'invalid_api_key', `Authorization: Bearer ${keyOf('crm')}`],
    ['a second Host', 400, 'invalid_request', 'Host: other.test'],
    ['another type', 415, 'unsupported_media_type', 'Content-Type: text/plain'],
  ])('hide no %s', async (_, status, code, line) => {
    expectError(await post({ lines: [...many, line] }), status, code)
  })
})

describe('other headers', () => {
  it.each([
    ['twice the same type', ['Content-Type: application/json']],
    ['another type, too', ['Content-Type: text/plain']],
    ['a coded body', ['Content-Encoding: gzip']],
  ])('%s is an unsupported_media_type', async (_, lines) => {
    expectError(await post({ lines }), 415, 'unsupported_media_type')
  })

  it('takes a body that says it is not coded', async () => {
    expectSuccess(await post({ lines: ['Content-Encoding: identity'] }))
  })

  it('never adopts the X-Request-Id of the caller, however it is written', async () => {
    for (const id of ['mine', 'req_00000000000000000000000000', `"}\\u0000`, 'x'.repeat(4000), '\xff\xfe']) {
      const answer = await post({ lines: [`X-Request-Id: ${id}`] })
      expectSuccess(answer)
      expect(answer.headers.get('x-request-id')).not.toBe(id)
    }
    expect(gateway.log()).toContain('"correlationId":"mine"')
    expect(gateway.log()).not.toContain('x'.repeat(200))
  })

  it('sends the same upstream whatever else the caller sends', async () => {
    const lines = [
      '__proto__: x',
      'constructor: x',
      'Cookie: a=b',
      'Cookie: c=d',
      'TE: trailers',
      'X-\x21: y',
    ]
    expectSuccess(await post({ lines, body: JSON.stringify(text('+14155550142')) }))
    const [last] = gateway.sandbox.requests(1)
    const names = last?.headers.map(([name]) => name.toLowerCase()) ?? []
    expect(names).toEqual(expect.arrayContaining(['authorization', 'idempotency-key']))
    expect(names.filter((name) => /proto|constructor|cookie|^te$|^x-!$/.test(name))).toEqual([])
  })
})
