import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { render } from '../../src/domain/answer.ts'
import { failure } from '../../src/domain/errors.ts'
import { anyText } from '../support/any-text.ts'

describe('a rendered verdict', () => {
  it('of a success is the upstream’s body under our request id', () => {
    const body = { data: { id: 'msg_1' }, request_id: 'req_up', has_more: false }
    expect(render({ kind: 'success', status: 202, body }, 'req_own', 'req_up')).toEqual({
      status: 202,
      body: '{"data":{"id":"msg_1"},"request_id":"req_own","has_more":false}',
      upstreamRequestId: 'req_up',
    })
  })

  it('of a success without a request id gets ours', () => {
    const answer = render({ kind: 'success', status: 200, body: { data: [] } }, 'req_own')
    expect(answer).toEqual({ status: 200, body: '{"data":[],"request_id":"req_own"}' })
  })

  it('of a failure is the envelope, with the request id inside', () => {
    expect(
      render(failure('quota_exceeded', { message: 'No "more".', retryAfterSeconds: 9 }), 'req_own'),
    ).toEqual({
      status: 429,
      body: '{"error":{"type":"rate_limit_error","code":"quota_exceeded","message":"No \\"more\\".","request_id":"req_own"}}',
      code: 'quota_exceeded',
      outcome: 'not_sent',
      retryAfterSeconds: 9,
    })
  })

  it('of a failure names the field at fault', () => {
    const { body } = render(failure('missing_required_field', { param: 'text.body' }), 'req_own', 'req_up')
    expect(JSON.parse(body)).toEqual({
      error: {
        type: 'invalid_request_error',
        code: 'missing_required_field',
        message: 'A required field is missing.',
        param: 'text.body',
        request_id: 'req_own',
      },
    })
  })

  it('shows neither outcome nor Retry-After in the body', () => {
    const { body } = render(
      failure('service_unavailable', { outcome: 'unknown', retryAfterSeconds: 77 }),
      'r',
    )
    expect(Object.keys(JSON.parse(body).error)).toEqual(['type', 'code', 'message', 'request_id'])
  })

  it('is valid JSON under our request id whatever the upstream said', () => {
    const body = fc.dictionary(anyText, fc.jsonValue())
    fc.assert(
      fc.property(body, anyText, (given, text) => {
        const success = JSON.parse(render({ kind: 'success', status: 200, body: given }, 'req_own').body)
        expect(success).toEqual(JSON.parse(JSON.stringify({ ...given, request_id: 'req_own' })))
        const { error } = JSON.parse(render(failure('invalid_request', { message: text }), 'req_own').body)
        expect([error.message, error.request_id]).toEqual([text, 'req_own'])
      }),
    )
  })
})
