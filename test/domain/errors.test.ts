import { describe, expect, it } from 'vitest'
import { catalogue, errorTypes, failure, type GatewayCode } from '../../src/domain/errors.ts'

/** The table of the public interface: every code with its status and type. */
const table: Record<GatewayCode, readonly [status: number, type: string]> = {
  invalid_request: [400, 'invalid_request_error'],
  invalid_json: [400, 'invalid_request_error'],
  missing_required_field: [400, 'invalid_request_error'],
  invalid_field_value: [400, 'invalid_request_error'],
  invalid_phone_number: [400, 'invalid_request_error'],
  invalid_idempotency_key: [400, 'invalid_request_error'],
  missing_api_key: [401, 'authentication_error'],
  invalid_api_key: [401, 'authentication_error'],
  expired_api_key: [401, 'authentication_error'],
  scope_not_allowed: [403, 'permission_error'],
  tenant_suspended: [403, 'permission_error'],
  resource_not_found: [404, 'not_found'],
  method_not_allowed: [405, 'invalid_request_error'],
  idempotency_in_progress: [409, 'conflict'],
  payload_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  idempotency_key_reuse: [422, 'invalid_request_error'],
  rate_limit_exceeded: [429, 'rate_limit_error'],
  quota_exceeded: [429, 'rate_limit_error'],
  concurrency_exceeded: [429, 'rate_limit_error'],
  upstream_rate_limited: [429, 'rate_limit_error'],
  headers_too_large: [431, 'invalid_request_error'],
  internal_error: [500, 'api_error'],
  whatsapp_upstream_error: [502, 'api_error'],
  upstream_outcome_unknown: [502, 'api_error'],
  service_unavailable: [503, 'api_error'],
  upstream_auth_failed: [503, 'api_error'],
}

const codes = Object.keys(catalogue) as GatewayCode[]

describe('the catalogue of errors', () => {
  it('is the published table', () => {
    expect(
      Object.fromEntries(codes.map((code) => [code, [catalogue[code].status, catalogue[code].type]])),
    ).toEqual(table)
  })

  it('has the seven types of the upstream', () => {
    expect(errorTypes).toHaveLength(7)
    for (const code of codes) expect(errorTypes).toContain(catalogue[code].type)
  })

  it.each(codes)('says %s in one or more plain sentences', (code) => {
    expect(catalogue[code].message).toMatch(/^[A-Z].*\.$/)
  })

  it('promises what 503 and 502 mean in their texts', () => {
    for (const code of codes) {
      const { status, message } = catalogue[code]
      if (status === 503) expect(message).toMatch(/^The message was not sent/)
      if (status === 502) expect(message).toMatch(/retry only with the same Idempotency-Key/i)
    }
  })
})

describe('a failure', () => {
  it('takes status, type and text from the catalogue and is not sent unless told', () => {
    expect(failure('quota_exceeded')).toEqual({
      kind: 'failure',
      status: 429,
      type: 'rate_limit_error',
      code: 'quota_exceeded',
      message: catalogue.quota_exceeded.message,
      outcome: 'not_sent',
    })
  })

  it('takes what it is told instead', () => {
    expect(
      failure('invalid_field_value', {
        message: 'No.',
        param: 'to',
        outcome: 'unknown',
        retryAfterSeconds: 3,
      }),
    ).toMatchObject({ message: 'No.', param: 'to', outcome: 'unknown', retryAfterSeconds: 3, status: 400 })
  })
})
