import * as fc from 'fast-check'
import type { UpstreamHeaders, UpstreamResult } from '../../src/domain/upstream.ts'
import { answered, kirim, meta } from './judge-samples.ts'

export const success = answered(200, '{"data":{"id":"msg_1"}}')
export const unreadable = answered(200)
export const timedOut: UpstreamResult = { kind: 'unknown', reason: 'deadline' }
export const reset: UpstreamResult = { kind: 'unknown', reason: 'connection_reset' }
export const garbage: UpstreamResult = { kind: 'unknown', reason: 'protocol_error' }
export const noConnection: UpstreamResult = { kind: 'not_sent', reason: 'cannot_connect' }
export const closed: UpstreamResult = { kind: 'not_sent', reason: 'connection_closed' }
export const tooLate: UpstreamResult = { kind: 'not_sent', reason: 'deadline' }
export const paused: UpstreamResult = { kind: 'not_sent', reason: 'account_paused', retryAfterMs: 700 }
export const breakerOpen: UpstreamResult = { kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 900 }

const after = (seconds?: number): UpstreamHeaders =>
  seconds === undefined ? {} : { retryAfter: String(seconds) }

export const tooMany = (seconds?: number): UpstreamResult =>
  answered(429, kirim({ type: 'rate_limit_error', code: 'rate_limit_exceeded' }), after(seconds))
export const unavailable = (seconds?: number): UpstreamResult =>
  answered(503, kirim({ type: 'api_error', code: 'service_unavailable' }), after(seconds))
export const inProgress = (seconds?: number): UpstreamResult =>
  answered(409, kirim({ type: 'conflict', code: 'idempotency_in_progress' }), after(seconds))

export const badRequest = answered(400, kirim({ code: 'invalid_field_value' }))
export const badToken = answered(401, kirim({ type: 'authentication_error', code: 'invalid_api_key' }))
export const forbiddenNumber = answered(403, kirim({ code: 'phone_number_forbidden' }))
export const noSuchNumber = answered(404, kirim({ code: 'resource_not_found' }))
export const keyReuse = answered(422, kirim({ code: 'idempotency_key_reuse' }))
export const outsideWindow = answered(502, meta(131047))

const statuses = [200, 201, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504]
const bodies = [
  undefined,
  '<html></html>',
  '{"data":{}}',
  kirim({ code: 'internal_error' }),
  kirim({ code: 'phone_number_forbidden' }),
  kirim({ code: 'idempotency_in_progress' }),
  kirim({ code: 'idempotency_conflict' }),
  ...[4, 190, 130429, 131000, 131047, 131056, 80007].map((code) => meta(code)),
]
const retryAfter = fc.constantFrom('0', '1', '2', '30', '3600', 'soon', 'Thu, 15 Jan 2026 12:00:04 GMT')

/** Every kind of result that a transport or a layer may give. */
export const anyResult: fc.Arbitrary<UpstreamResult> = fc.oneof(
  fc.constantFrom(timedOut, reset, garbage),
  fc.constantFrom(noConnection, closed, tooLate, paused, breakerOpen),
  fc.record({
    kind: fc.constant('answered' as const),
    status: fc.constantFrom(...statuses),
    headers: fc.record({ retryAfter }, { requiredKeys: [] }),
    body: fc.constantFrom(...bodies),
  }),
)
