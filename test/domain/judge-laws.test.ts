import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../src/domain/errors.ts'
import { judge, type Operation } from '../../src/domain/judge.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { anyText } from '../support/any-text.ts'
import {
  answered,
  circumstances,
  kirim,
  meta,
  NEXT_TOKEN,
  released,
  type Summary,
  summary,
  TOKEN,
  throttled,
  unknown,
} from './judge-samples.ts'

const operations: readonly Operation[] = ['send', 'receipt', 'list', 'item']

describe('no answer of the upstream', () => {
  it.each<[UpstreamResult, Summary]>([
    [{ kind: 'not_sent', reason: 'cannot_connect' }, released(503, 'api_error', 'service_unavailable')],
    [{ kind: 'not_sent', reason: 'connection_closed' }, released(503, 'api_error', 'service_unavailable')],
    [{ kind: 'not_sent', reason: 'deadline' }, released(503, 'api_error', 'service_unavailable')],
    [{ kind: 'not_sent', reason: 'breaker_open' }, released(503, 'api_error', 'service_unavailable')],
    [{ kind: 'not_sent', reason: 'account_paused' }, throttled],
    [{ kind: 'unknown', reason: 'connection_reset' }, unknown(502, 'api_error', 'upstream_outcome_unknown')],
    [{ kind: 'unknown', reason: 'deadline' }, unknown(502, 'api_error', 'upstream_outcome_unknown')],
    [{ kind: 'unknown', reason: 'protocol_error' }, unknown(502, 'api_error', 'upstream_outcome_unknown')],
  ])('%j is told by its status', (result, expected) => {
    for (const operation of operations) {
      expect(summary(judge(result, circumstances({ operation })))).toEqual(expected)
    }
  })
})

describe('a retry after an attempt that may have been sent', () => {
  const resumed = (result: UpstreamResult) => judge(result, circumstances({ resumed: true }))
  const unclear: Summary = {
    ...unknown(502, 'api_error', 'upstream_outcome_unknown'),
    settlement: 'release',
    giveBack: true,
  }

  it.each<[string, UpstreamResult]>([
    ['a call that was not sent', { kind: 'not_sent', reason: 'cannot_connect' }],
    ['an open breaker', { kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 60_000 }],
    ['a refused token', answered(401)],
    ['a refused token by code', answered(500, meta(190))],
  ])('does not say 503 for %s', (_, result) => {
    expect(summary(resumed(result))).toMatchObject(unclear)
  })

  it('still tells that the token was refused', () => {
    expect(resumed(answered(401)).credentialsRefused).toBe(true)
  })

  it('keeps 429 and 422 reuse, with an unknown outcome', () => {
    expect(resumed(answered(429, '', { retryAfter: '9' })).verdict).toMatchObject({
      status: 429,
      code: 'upstream_rate_limited',
      outcome: 'unknown',
      retryAfterSeconds: 9,
    })
    expect(summary(resumed(answered(422, kirim({ code: 'idempotency_key_reuse' }))))).toMatchObject({
      status: 422,
      outcome: 'unknown',
    })
  })

  it('keeps 404 of the number, with an unknown outcome: it may be looked for before the key', () => {
    for (const body of [
      kirim({ code: 'resource_not_found' }),
      kirim({ code: 'x', param: 'phone_number_id' }),
    ]) {
      expect(summary(resumed(answered(404, body)))).toMatchObject({
        status: 404,
        code: 'resource_not_found',
        outcome: 'unknown',
        settlement: 'release',
        giveBack: true,
      })
    }
  })

  it.each([
    ['a success', answered(200, '{"data":{}}')],
    ['a definite refusal', answered(400, kirim({ code: 'invalid_field_value' }))],
    ['a permanent code', answered(502, meta(131047))],
    ['a failure', answered(500)],
    ['an unreadable success', answered(200)],
    ['no answer', { kind: 'unknown', reason: 'deadline' } as const],
  ])('takes %s as the first attempt does: the upstream knows the derived key', (_, result) => {
    expect(resumed(result)).toEqual(judge(result, circumstances()))
  })
})

describe('the account’s tokens', () => {
  const spellings = (token: string) => [
    token,
    token.replaceAll('_', '\\u005f'),
    [...token].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  ]

  it.each([TOKEN, NEXT_TOKEN].flatMap(spellings))(
    'are blanked in errors and successes when spelt %s',
    (spelt) => {
      const bodies: [number, string][] = [
        [400, `{"error":{"code":"a","param":"x ${spelt}","message":"no ${spelt} ${spelt}!"}}`],
        [502, `{"error":{"code":131047,"message":"${spelt}","error_data":{"details":"${spelt}"}}}`],
        [200, `{"data":{"${spelt}":["${spelt}"]},"more":{"a":{"b":"${spelt}"}}}`],
      ]
      for (const [status, body] of bodies) {
        const text = JSON.stringify(judge(answered(status, body), circumstances()))
        expect(text).toContain('[redacted]')
        expect(text).not.toContain('CANARY')
      }
    },
  )

  it('are blanked before a message is cut, so that no part of one is left', () => {
    for (let at = 960; at < 1000; at += 3) {
      const body = kirim({ message: 'x'.repeat(at) + TOKEN })
      expect(JSON.stringify(judge(answered(400, body), circumstances()))).not.toContain('kdv_live')
    }
  })

  it('leave a success without them as it was', () => {
    const body = { data: { text: 'a "quoted" \n 😀 \u0000 line', list: [1.5, null, true] }, request_id: 'r' }
    const { verdict } = judge(answered(200, JSON.stringify(body)), circumstances())
    expect(verdict).toEqual({ kind: 'success', status: 200, body })
  })
})

describe('the text of an error', () => {
  const messageOf = (result: UpstreamResult, operation: Operation = 'send') => {
    const { verdict } = judge(result, circumstances({ operation }))
    return verdict.kind === 'failure' ? verdict.message : undefined
  }

  it('is the upstream’s own for a 4xx, and ours followed by it for a provider code', () => {
    expect(messageOf(answered(400, kirim({ code: 'a' })))).toBe('Upstream words.')
    expect(messageOf(answered(418))).toBe('The WhatsApp API refused the request with HTTP 418.')
    expect(messageOf(answered(500, meta(132015)))).toBe('The template is paused for its quality. Meta words.')
    expect(messageOf(answered(500, '{"error":{"code":"flow_blocked"}}'))).toBe(
      catalogue.invalid_field_value.message,
    )
  })

  it('never warns a reader of a second message', () => {
    const results: UpstreamResult[] = [
      answered(500),
      answered(302),
      answered(200),
      { kind: 'unknown', reason: 'deadline' },
    ]
    for (const result of results) {
      expect(messageOf(result)).toContain('Idempotency-Key')
      for (const operation of ['list', 'item'] as const) {
        expect(messageOf(result, operation)).toContain('Reading again is safe')
      }
    }
  })
})

describe('whatever the upstream answers', () => {
  const names = [
    'a',
    'outside_24h_window',
    'idempotency_in_progress',
    'idempotency_key_reuse',
    'phone_number_forbidden',
  ]
  const code = fc.oneof(
    fc.constantFrom(...names),
    fc.integer(),
    fc.constantFrom(0, 10, 190, 250, 4, 131047, 131000),
    fc.jsonValue(),
  )
  const errorBody = fc.record(
    {
      type: fc.string(),
      code,
      provider_code: code,
      message: fc.oneof(fc.string(), fc.constant('(#131026) no')),
      param: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    anyText,
    fc.json(),
    errorBody.map((error) => JSON.stringify({ error })),
    fc.jsonValue().map((data) => JSON.stringify({ data })),
    fc.constant(undefined),
  )
  const result: fc.Arbitrary<UpstreamResult> = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        kind: fc.constant('answered' as const),
        status: fc.integer({ min: 100, max: 599 }),
        body,
        headers: fc.record({ retryAfter: fc.string() }, { requiredKeys: [] }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<UpstreamResult>(
        { kind: 'not_sent', reason: 'deadline' },
        { kind: 'not_sent', reason: 'breaker_open', retryAfterMs: 0.5 },
        { kind: 'not_sent', reason: 'account_paused', retryAfterMs: 4000.5 },
        { kind: 'unknown', reason: 'deadline' },
      ),
    },
  )

  it('the laws of 503, 502, refunds and records hold', () => {
    const judgements = fc.tuple(result, fc.constantFrom(...operations), fc.boolean())
    fc.assert(
      fc.property(judgements, ([answer, operation, resumed]) => {
        const { verdict, settlement, giveBack } = judge(answer, circumstances({ operation, resumed }))
        if (verdict.kind === 'success') {
          expect([settlement, giveBack]).toEqual(['keep', false])
          expect(verdict.status).toBeGreaterThanOrEqual(200)
          expect(verdict.status).toBeLessThan(300)
          return
        }
        const { status, outcome } = verdict
        expect(status).toBeGreaterThanOrEqual(400)
        if (status === 503)
          expect([outcome, settlement, giveBack, resumed]).toEqual(['not_sent', 'release', true, false])
        if (status === 502) expect(outcome).not.toBe('not_sent')
        if (status >= 500) expect([502, 503]).toContain(status)
        if (settlement === 'unknown') expect([giveBack, outcome === 'not_sent']).toEqual([false, false])
        if (settlement === 'release' && resumed) expect(outcome).toBe('unknown')
        if (settlement === 'keep') expect(outcome).toBe('not_sent')
        if (outcome === 'not_sent') expect(giveBack).toBe(true)
        if ([429, 503].includes(status)) expect(verdict.retryAfterSeconds).toBeGreaterThanOrEqual(1)
        expect(Number.isInteger(verdict.retryAfterSeconds ?? 1)).toBe(true)
        expect(verdict.message).not.toBe('')
        expect(verdict.code).toMatch(/^[a-z][a-z0-9_]*$/)
      }),
      { numRuns: 2000 },
    )
  })
})
