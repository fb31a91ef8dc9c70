import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHeaders, requestHeaders } from '../../src/upstream/headers.ts'
import { anyText } from '../support/any-text.ts'
import { get, post, TOKEN } from './wire.ts'

const namesOf = (flat: readonly string[]) => flat.filter((_, at) => at % 2 === 0)

describe('the headers of an upstream request', () => {
  it('of a keyed POST are these six and no others', () => {
    expect(requestHeaders(post)).toEqual([
      ...['authorization', `Bearer ${TOKEN}`],
      ...['accept', 'application/json'],
      ...['user-agent', 'kirim-gateway'],
      ...['x-request-id', post.requestId],
      ...['content-type', 'application/json'],
      ...['idempotency-key', post.idempotencyKey],
    ])
  })

  it('tell of a body and a key only if there is one', () => {
    const always = ['authorization', 'accept', 'user-agent', 'x-request-id']
    expect(namesOf(requestHeaders(get))).toEqual(always)
    expect(namesOf(requestHeaders({ ...get, body: '' }))).toEqual([...always, 'content-type'])
    expect(namesOf(requestHeaders({ ...get, idempotencyKey: 'k' }))).toEqual([...always, 'idempotency-key'])
  })
})

describe('the headers of an upstream answer', () => {
  const read = (headers: Record<string, string>) => readHeaders((name) => headers[name])

  it('are read by their lower-case names; all others are dropped', () => {
    const asked: string[] = []
    const headers = readHeaders((name) => {
      asked.push(name)
      return 'v'
    })
    expect(headers).toEqual({ requestId: 'v', retryAfter: 'v', replayed: 'v' })
    const names = ['idempotent-replayed', 'retry-after', 'x-ratelimit-remaining', 'x-request-id']
    expect(asked.sort()).toEqual(names)
  })

  it('that are missing are missing', () => {
    expect(read({})).toEqual({})
    expect(read({ 'retry-after': '' })).toEqual({ retryAfter: '' })
  })

  it.each(['req_01J9ZK3V5QW8R2T4Y6B7C8D9EF', 'a', 'A:1.2-3_4', 'x'.repeat(128)])(
    'hold the request id "%s"',
    (id) => {
      expect(read({ 'x-request-id': id })).toEqual({ requestId: id })
    },
  )

  it.each(['', 'x'.repeat(129), 'a b', 'a\r\nSet-Cookie: x', 'ä', '"a"', '<script>', 'a,b', 'a\n'])(
    'drop the request id %j, which is not fit to be shown',
    (id) => {
      expect(read({ 'x-request-id': id })).toEqual({})
    },
  )

  it.each([
    ['0', 0],
    ['599', 599],
    ['007', 7],
    ['9999999999', 9_999_999_999],
  ])('hold the tokens that are left: %s', (text, tokensLeft) => {
    expect(read({ 'x-ratelimit-remaining': text })).toEqual({ tokensLeft })
  })

  it.each(['', '-1', '+1', '1.5', '1e3', ' 1', '1\n', '0x1', '1, 2', '١', '99999999999', 'Infinity', 'NaN'])(
    'drop the tokens %j, which are no count',
    (text) => {
      expect(read({ 'x-ratelimit-remaining': text })).toEqual({})
    },
  )

  it('never hold a request id that could break a header or a log line', () => {
    fc.assert(
      fc.property(anyText, (id) => {
        expect(read({ 'x-request-id': id }).requestId ?? 'none').toMatch(/^[\x21-\x7e]{1,128}$/)
      }),
    )
  })
})
