import { expect } from 'vitest'

/** The table of interface §5: which types and codes an answer of each status may have. */
const catalogue: Readonly<Record<number, { readonly type: string; readonly codes: readonly string[] }>> = {
  400: {
    type: 'invalid_request_error',
    codes: [
      'invalid_request',
      'invalid_json',
      'missing_required_field',
      'invalid_field_value',
      'invalid_phone_number',
      'invalid_idempotency_key',
    ],
  },
  401: {
    type: 'authentication_error',
    codes: ['missing_api_key', 'invalid_api_key', 'expired_api_key'],
  },
  403: { type: 'permission_error', codes: ['scope_not_allowed', 'tenant_suspended'] },
  404: { type: 'not_found', codes: ['resource_not_found'] },
  405: { type: 'invalid_request_error', codes: ['method_not_allowed'] },
  409: { type: 'conflict', codes: ['idempotency_in_progress'] },
  413: { type: 'invalid_request_error', codes: ['payload_too_large'] },
  415: { type: 'invalid_request_error', codes: ['unsupported_media_type'] },
  422: { type: 'invalid_request_error', codes: ['idempotency_key_reuse'] },
  429: {
    type: 'rate_limit_error',
    codes: ['rate_limit_exceeded', 'quota_exceeded', 'concurrency_exceeded', 'upstream_rate_limited'],
  },
  431: { type: 'invalid_request_error', codes: ['headers_too_large'] },
  502: { type: 'api_error', codes: ['whatsapp_upstream_error', 'upstream_outcome_unknown'] },
  503: { type: 'api_error', codes: ['service_unavailable', 'upstream_auth_failed'] },
}

export interface AnyAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null | undefined }
  readonly body: string
}

type Json = Record<string, unknown>

/** Holds an answer to what is promised of every answer, and gives its body. A 500 is never right. */
export function checkAnswer({ status, headers, body }: AnyAnswer): Json {
  expect(headers.get('content-type'), `content type of ${status}`).toBe('application/json')
  const id = headers.get('x-request-id')
  expect(id).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/)
  const parsed = JSON.parse(body) as Json
  const error = parsed.error as Json | undefined
  if (headers.get('idempotent-replayed') !== 'true') {
    expect((error ?? parsed).request_id, 'the id of the body and of the header').toBe(id)
  }
  if (status >= 200 && status < 300) return parsed

  expect(Object.keys(parsed)).toEqual(['error'])
  const allowed = catalogue[status]
  if (error === undefined || allowed === undefined) throw new Error(`${status} is not in the table: ${body}`)
  expect(error.type).toBe(allowed.type)
  expect(allowed.codes, `codes of ${status}`).toContain(error.code)
  expect(error.message).toMatch(/\w/)
  expect(headers.get('gateway-outcome')).toMatch(/^(not_sent|unknown|sent)$/)
  if (status === 429 || status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  if (status === 405) expect(headers.get('allow')).toMatch(/^[A-Z]+(, [A-Z]+)*$/)
  return parsed
}

/** Holds an answer to the promises and to one error; gives the `error` object. */
export function expectError(answer: AnyAnswer, status: number, code: string, outcome = 'not_sent'): Json {
  const error = (checkAnswer(answer).error ?? {}) as Json
  expect({ status: answer.status, code: error.code, outcome: answer.headers.get('gateway-outcome') }).toEqual(
    {
      status,
      code,
      outcome,
    },
  )
  return error
}

/** Holds an answer to the promises and to 200; gives the `data` object. */
export function expectSuccess(answer: AnyAnswer): Json {
  const { data } = checkAnswer(answer)
  expect(answer.status).toBe(200)
  return (data ?? {}) as Json
}
