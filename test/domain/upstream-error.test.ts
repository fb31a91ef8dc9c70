import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonObject, readUpstreamError } from '../../src/domain/upstream-error.ts'
import { anyText } from '../support/any-text.ts'

const read = (error: unknown) => readUpstreamError(JSON.stringify({ error }))

describe('an upstream error body', () => {
  it('in the upstream’s envelope gives type, code, message and param', () => {
    const error = {
      type: 'not_found',
      code: 'resource_not_found',
      message: 'No such message.',
      param: 'message_id',
      request_id: 'req_up',
    }
    const { request_id: _, ...parts } = error
    expect(read(error)).toEqual(parts)
  })

  it('in Meta’s envelope gives its code and both texts', () => {
    const error = {
      message: '(#131009) Parameter value is not valid',
      type: 'OAuthException',
      code: 131009,
      error_subcode: 2494010,
      error_data: { messaging_product: 'whatsapp', details: 'Button title is too long.' },
      fbtrace_id: 'AbC',
    }
    expect(read(error)).toEqual({
      message: '(#131009) Parameter value is not valid Button title is too long.',
      providerCode: 131009,
    })
  })

  it.each<[string, unknown, number | undefined]>([
    ['a number', { code: 131047 }, 131047],
    ['zero', { code: 0 }, 0],
    ['digits', { code: '131047' }, 131047],
    ['digits with zeros before', { code: '0190' }, 190],
    ['provider_code', { code: 'a', provider_code: 131047 }, 131047],
    ['provider_code in digits', { code: 'a', provider_code: '131047' }, 131047],
    ['provider_code before code', { code: 190, provider_code: 131047 }, 131047],
    ['the text before an HTTP status', { code: 502, message: '(#131037) Not approved' }, 131037],
    ['provider_code before text', { provider_code: 190, message: '(#131047)' }, 190],
    ['Meta’s text', { message: '(#131047) Re-engagement' }, 131047],
    ['Meta’s text of one digit', { message: 'x (#4) y' }, 4],
    ['bare digits of the 13xxxx range', { message: 'Meta: 131026.' }, 131026],
    ['the text in parentheses before bare digits', { message: '131026 (#190)' }, 190],
    ['the details', { message: 'no', error_data: { details: '(#131026)' } }, 131026],
    ['null', { code: null, provider_code: null }, undefined],
    ['a fraction', { code: 131047.5 }, undefined],
    ['a number too large to be exact', { code: 2 ** 60 }, undefined],
    ['too many digits', { code: '13104700' }, undefined],
    ['a sign', { code: '-4' }, undefined],
    ['digits among others', { code: '131047x' }, undefined],
    ['longer bare digits', { message: 'number 1310479 and 9131047' }, undefined],
    ['bare digits of another range', { message: 'order 120047' }, undefined],
    ['true', { code: true }, undefined],
    ['a list', { code: [131047] }, undefined],
  ])('finds a provider code in %s', (_, error, code) => {
    expect(read(error).providerCode).toBe(code)
  })

  it.each(['', 'Bad', '1a', 'a-b', 'a b', 'a.b', '131047', 'ä'])(
    'takes "%s" for no code in words',
    (code) => {
      expect(read({ code })).not.toHaveProperty('code')
    },
  )

  it.each([
    'invalid_request_error',
    'authentication_error',
    'permission_error',
    'not_found',
    'conflict',
    'rate_limit_error',
    'api_error',
  ])('knows the type %s', (type) => {
    expect(read({ type }).type).toBe(type)
  })

  it.each(['OAuthException', 'not_found_error', '', 'NOT_FOUND', 7, null])('drops the type %j', (type) => {
    expect(read({ type })).toEqual({})
  })

  it('cuts texts that are too long and leaves no half character', () => {
    const {
      message = '',
      param = '',
      code,
    } = read({
      message: `${'m'.repeat(999)}😀`,
      param: 'p'.repeat(5000),
      code: 'c'.repeat(5000),
    })
    expect(message).toBe(`${'m'.repeat(999)}\uFFFD`)
    expect(param).toHaveLength(200)
    expect(code).toHaveLength(64)
  })

  it.each([
    undefined,
    '',
    '{',
    'null',
    '7',
    '"text"',
    '[]',
    '[{"error":{"code":"a"}}]',
    '{}',
    '{"error":null}',
    '{"error":"text"}',
    '{"error":[{"code":"a"}]}',
    '{"errors":{"code":"a"}}',
    '<html>131047</html>',
  ])('%j says nothing', (text) => {
    expect(readUpstreamError(text)).toEqual({})
  })

  it('of parts that are no text says nothing of them', () => {
    expect(read({ type: {}, code: {}, message: 7, param: ['to'], error_data: 'x' })).toEqual({})
  })

  it('of any kind is read without a throw, and into well-formed text', () => {
    const error = fc.dictionary(
      fc.constantFrom('type', 'code', 'message', 'param', 'provider_code', 'error_data', 'details'),
      fc.oneof(fc.jsonValue(), anyText, fc.string({ minLength: 190, maxLength: 1100 })),
    )
    fc.assert(
      fc.property(error, (parts) => {
        const { message = '', param = '', code = '', providerCode = 0 } = read(parts)
        expect([message, param, code].every((text) => text.isWellFormed())).toBe(true)
        expect(message.length).toBeLessThanOrEqual(1501)
        expect(Number.isSafeInteger(providerCode)).toBe(true)
      }),
    )
  })
})

describe('a JSON object', () => {
  it('is read whatever it holds', () => {
    expect(jsonObject(' {"a":[1,{"b":null}],"__proto__":1} ')).toEqual(
      JSON.parse('{"a":[1,{"b":null}],"__proto__":1}'),
    )
  })

  it('is read at a depth that can be printed, and not below', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    expect(JSON.stringify(jsonObject(nested(64)))).toBe(nested(64))
    for (const levels of [65, 5000, 200_000]) expect(jsonObject(nested(levels))).toBeUndefined()
    expect(jsonObject(`{"a":${'['.repeat(300_000)}${']'.repeat(300_000)}}`)).toBeUndefined()
  })
})
