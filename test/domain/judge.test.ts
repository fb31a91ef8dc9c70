import { describe, expect, it } from 'vitest'
import { judge, type Operation } from '../../src/domain/judge.ts'
import {
  accepted,
  circumstances,
  credentialsRefused,
  invalid,
  judged,
  kirim,
  meta,
  numberNotFound,
  refused,
  released,
  type Summary,
  throttled,
  unknown,
  unreadable,
  upstreamFailed,
} from './judge-samples.ts'

const operations: readonly Operation[] = ['send', 'receipt', 'list', 'item']
const html = '<html><body>Bad gateway</body></html>'

describe('an answer of the upstream', () => {
  it.each<[string, number, string | undefined, Summary]>([
    ['200 with data', 200, '{"data":{"id":"msg_1"},"request_id":"req_up"}', accepted(200)],
    ['201 with data', 201, '{"data":{}}', accepted(201)],
    ['202 with data', 202, '{"data":{"status":"queued"}}', accepted(202)],
    ['200 with a list for one message', 200, '{"data":[],"has_more":false}', unreadable],
    ['200 whose data tells of a failure', 200, '{"data":{"status":"failed","error":{}}}', accepted(200)],
    ['200 without a body', 200, undefined, unreadable],
    ['200 with an empty body', 200, '', unreadable],
    ['204', 204, '', unreadable],
    ['200 that is HTML', 200, html, unreadable],
    ['200 that is cut short', 200, '{"data":{"id":', unreadable],
    ['200 that is a list', 200, '[{"data":{}}]', unreadable],
    ['200 without data', 200, '{"request_id":"req_up"}', unreadable],
    ['200 with null as data', 200, '{"data":null}', unreadable],
    ['200 with text as data', 200, '{"data":"msg_1"}', unreadable],
    ['200 with an error instead', 200, kirim({ code: 'outside_24h_window' }), unreadable],
    ['200 deeper than can be printed', 200, `{"data":${'['.repeat(9e4)}${']'.repeat(9e4)}}`, unreadable],
    ['100', 100, '', upstreamFailed],
    ['301', 301, '', upstreamFailed],
    ['302 with data', 302, '{"data":{}}', upstreamFailed],
    ['304', 304, undefined, upstreamFailed],
  ])('%s is judged by its status and its data', (_, status, body, expected) => {
    expect(judged(status, body)).toEqual(expected)
  })

  it.each<[string, number, string | undefined, Summary]>([
    ['500', 500, kirim({ type: 'api_error', code: 'internal_error' }), upstreamFailed],
    ['502', 502, kirim({ type: 'api_error', code: 'whatsapp_upstream_error' }), upstreamFailed],
    ['503', 503, kirim({ type: 'api_error', code: 'service_unavailable' }), upstreamFailed],
    ['504', 504, undefined, upstreamFailed],
    ['599', 599, '', upstreamFailed],
    ['502 that is HTML', 502, html, upstreamFailed],
    ['408', 408, kirim({ code: 'timeout' }), upstreamFailed],
    ['5xx with a vague refusal', 500, kirim({ code: 'invalid_field_value' }), upstreamFailed],
    ['5xx with a vague refusal', 500, kirim({ code: 'missing_required_field' }), upstreamFailed],
    ['5xx with a vague refusal', 500, kirim({ code: 'invalid_request' }), upstreamFailed],
    ['5xx about a rate', 500, kirim({ type: 'rate_limit_error' }), upstreamFailed],
    ['5xx about a key', 500, kirim({ type: 'authentication_error' }), upstreamFailed],
    ['500 with null as its code', 500, kirim({ code: null, provider_code: null }), upstreamFailed],
    [
      '5xx of window',
      502,
      kirim({ code: 'outside_24h_window' }),
      refused(422, invalid, 'outside_24h_window'),
    ],
    ['5xx of template', 500, kirim({ code: 'template_paused' }), refused(422, invalid, 'template_paused')],
    [
      '5xx of recipient, with param',
      503,
      kirim({ code: 'recipient_not_on_whatsapp', param: 'to' }),
      refused(422, invalid, 'recipient_not_on_whatsapp', 'to'),
    ],
  ])(
    'a failure %s may have been sent, unless its name is that of a refusal for good',
    (_, status, body, expected) => {
      expect(judged(status, body)).toEqual(expected)
    },
  )

  it.each<[string, number, string | undefined, Summary]>([
    [
      'an envelope',
      400,
      kirim({ type: invalid, code: 'missing_required_field', param: 'text.body' }),
      refused(400, invalid, 'missing_required_field', 'text.body'),
    ],
    ['a code of its own', 400, kirim({ type: invalid, code: 'new_code' }), refused(400, invalid, 'new_code')],
    [
      '409',
      409,
      kirim({ type: 'conflict', code: 'template_already_exists', param: 'name' }),
      refused(409, 'conflict', 'template_already_exists', 'name'),
    ],
    [
      '422',
      422,
      kirim({ type: invalid, code: 'account_not_connected' }),
      refused(422, invalid, 'account_not_connected'),
    ],
    ['400 without an envelope', 400, html, refused(400, invalid, 'invalid_field_value')],
    ['400 without a body', 400, undefined, refused(400, invalid, 'invalid_field_value')],
    ['400 with an empty body', 400, '', refused(400, invalid, 'invalid_field_value')],
    ['422 without an envelope', 422, html, refused(422, invalid, 'invalid_field_value')],
    ['413 without an envelope', 413, html, refused(413, invalid, 'payload_too_large')],
    ['402 without an envelope', 402, html, refused(402, invalid, 'invalid_request')],
    ['418 without an envelope', 418, html, refused(418, invalid, 'invalid_request')],
    ['499 without an envelope', 499, '{}', refused(499, invalid, 'invalid_request')],
    ['an error that is text', 400, '{"error":"bad"}', refused(400, invalid, 'invalid_field_value')],
    ['an error that is a list', 400, '{"error":[]}', refused(400, invalid, 'invalid_field_value')],
    ['an unknown type', 400, kirim({ type: 'odd', code: 'a' }), refused(400, invalid, 'a')],
    [
      'a code that is no name',
      400,
      kirim({ code: 'Bad Thing!' }),
      refused(400, invalid, 'invalid_field_value'),
    ],
  ])('a 4xx with %s passes with its own words, completed from the catalogue', (_, status, body, expected) => {
    expect(judged(status, body)).toEqual(expected)
  })

  it.each<[string, number, string | undefined, Summary]>([
    ['401', 401, kirim({ type: 'authentication_error', code: 'invalid_api_key' }), credentialsRefused],
    ['401 of an expired token', 401, kirim({ code: 'expired_api_key' }), credentialsRefused],
    ['401 that is HTML', 401, html, credentialsRefused],
    ['403', 403, kirim({ type: 'permission_error', code: 'plan_limit' }), credentialsRefused],
    ['403 without a body', 403, undefined, credentialsRefused],
    ['400 of that type', 400, kirim({ type: 'authentication_error', code: 'a' }), credentialsRefused],
    ['403 of the number', 403, kirim({ code: 'phone_number_forbidden' }), numberNotFound],
    ['403 of the number, by param', 403, kirim({ code: 'a', param: 'phone_number_id' }), numberNotFound],
    [
      '404 of the number, by code',
      404,
      kirim({ code: 'phone_number_forbidden', param: 'a' }),
      numberNotFound,
    ],
    ['404 of the number, by param', 404, kirim({ code: 'a', param: 'phone_number_id' }), numberNotFound],
  ])('%s is about the token or the number, for every operation', (_, status, body, expected) => {
    for (const operation of operations) expect(judged(status, body, operation)).toEqual(expected)
  })

  it.each<[Operation, string, string | undefined, Summary]>([
    ['send', 'an envelope', kirim({ type: 'not_found', code: 'resource_not_found' }), numberNotFound],
    ['list', 'an envelope', kirim({ type: 'not_found', code: 'resource_not_found' }), numberNotFound],
    ['send', 'a page', html, numberNotFound],
    [
      'send',
      'a param',
      kirim({ code: 'invalid_template_name', param: 'template.name' }),
      refused(422, invalid, 'invalid_template_name', 'template.name'),
    ],
    [
      'receipt',
      'another code',
      kirim({ type: 'not_found', code: 'gone' }),
      refused(404, 'not_found', 'gone'),
    ],
    ['item', 'another code', kirim({ type: 'not_found', code: 'gone' }), refused(404, 'not_found', 'gone')],
    ['receipt', 'a page', html, refused(404, 'not_found', 'resource_not_found')],
    ['item', 'nothing', undefined, refused(404, 'not_found', 'resource_not_found')],
  ])('a 404 of a %s with %s is about the number or the resource', (operation, _, body, expected) => {
    expect(judged(404, body, operation)).toEqual(expected)
  })

  it('says nothing of its own about a number that is not there', () => {
    const body = kirim({ code: 'resource_not_found', message: 'Number 1065 belongs to org_7.' })
    const { verdict } = judge({ kind: 'answered', status: 404, headers: {}, body }, circumstances())
    expect(JSON.stringify(verdict)).not.toMatch(/1065|org_7/)
  })

  it('takes a list for the answer of a list', () => {
    expect(judged(200, '{"data":[],"has_more":false}', 'list')).toEqual(accepted(200))
  })

  it('names a permanent refusal by 422, whatever 4xx carried it', () => {
    for (const status of [400, 403, 404, 409, 422]) {
      const body = kirim({ code: 'outside_24h_window' })
      expect(judged(status, body)).toEqual(refused(422, invalid, 'outside_24h_window'))
    }
  })

  const reuse = released(422, invalid, 'idempotency_key_reuse')
  const inProgress = unknown(409, 'conflict', 'idempotency_in_progress')
  it.each<[string, number, string | undefined, Summary]>([
    ['409 idempotency_conflict', 409, kirim({ type: 'conflict', code: 'idempotency_conflict' }), reuse],
    ['422 idempotency_key_reuse', 422, kirim({ type: invalid, code: 'idempotency_key_reuse' }), reuse],
    [
      '409 idempotency_in_progress',
      409,
      kirim({ type: 'conflict', code: 'idempotency_in_progress' }),
      inProgress,
    ],
    ['409 without an envelope', 409, html, inProgress],
    ['409 without a body', 409, undefined, inProgress],
  ])('%s is about the derived key', (_, status, body, expected) => {
    expect(judged(status, body)).toEqual(expected)
  })

  it.each<[string, number, string | undefined, Summary]>([
    ['429', 429, kirim({ type: 'rate_limit_error', code: 'rate_limit_exceeded' }), throttled],
    ['429 that is HTML', 429, html, throttled],
    ['429 without a body', 429, undefined, throttled],
    ['400 of that type', 400, kirim({ type: 'rate_limit_error', code: 'a' }), throttled],
  ])('%s is the account’s budget', (_, status, body, expected) => {
    for (const operation of operations) expect(judged(status, body, operation)).toEqual(expected)
  })

  const window = refused(422, invalid, 'outside_24h_window', 'type')
  it.each<[string, string, Summary]>([
    ['Meta’s number', meta(131047), window],
    ['digits', meta('131047'), window],
    [
      'the envelope’s provider_code',
      kirim({ code: 'whatsapp_upstream_error', provider_code: 131047 }),
      window,
    ],
    ['a provider_code of digits', kirim({ code: 'a', provider_code: '131047' }), window],
    ['Meta’s text', kirim({ code: 'a', message: '(#131047) Re-engagement message' }), window],
    ['bare text', kirim({ code: 'a', message: 'Meta said 131047, sorry' }), window],
    ['Meta’s details', kirim({ code: 'a', error_data: { details: '(#131047) too late' } }), window],
    [
      'another permanent code',
      meta(132000),
      refused(422, invalid, 'template_param_count_mismatch', 'template.components'),
    ],
    [
      'a permanent code with a param',
      meta(131009, { param: 'image.link' }),
      refused(422, invalid, 'invalid_field_value', 'image.link'),
    ],
    ['credentials 0', meta(0), credentialsRefused],
    ['credentials 190', meta(190), credentialsRefused],
    ['credentials 200', meta(200), credentialsRefused],
    ['credentials 299', meta('299'), credentialsRefused],
    ['credentials in text', kirim({ message: '(#10) Permission denied' }), credentialsRefused],
    ['throttling 130429', meta(130429), throttled],
    ['throttling 80007', kirim({ code: 'a', provider_code: 80007 }), throttled],
    ['throttling in text', kirim({ message: '(#4) too many calls' }), throttled],
  ])('with a provider code as %s is judged by it, whatever 4xx or 5xx it came with', (_, body, expected) => {
    for (const status of [400, 401, 403, 404, 409, 422, 429, 499, 500, 502, 503]) {
      expect(judged(status, body)).toEqual(expected)
    }
  })

  it.each([131000, 131016, 133004, 2, 999_999])(
    'with the provider code %d is judged by its status',
    (code) => {
      expect(judged(500, meta(code))).toEqual(upstreamFailed)
      expect(judged(503, kirim({ code: 'a', provider_code: code }))).toEqual(upstreamFailed)
      expect(judged(400, meta(code))).toEqual(refused(400, invalid, 'invalid_field_value'))
      expect(judged(429, meta(code))).toEqual(throttled)
      expect(judged(401, meta(code))).toEqual(credentialsRefused)
    },
  )
})
