import { describe, expect, it } from 'vitest'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { type ErrorMeaning, errorMeaningOf } from '../../src/domain/upstream-meaning.ts'
import { answered, kirim, meta } from './judge-samples.ts'
import * as results from './upstream-results.ts'

describe('what a throttled call says of the account’s other calls', () => {
  it.each<[UpstreamResult, boolean]>([
    [results.tooMany(), true],
    [answered(429), true],
    [answered(429, '<html></html>'), true],
    [answered(400, kirim({ type: 'rate_limit_error', code: 'a' })), true],
    [answered(400, meta(4)), true],
    [answered(502, meta(80007)), true],
    [answered(429, meta(130429)), false],
    [answered(429, meta(131048)), false],
    [answered(400, meta(131056)), false],
    // Ten sends of one Flow an hour: a limit that is not in the table, of something smaller.
    [answered(429, meta(132069)), false],
  ])('%j: wholeAccount %s', (result, wholeAccount) => {
    expect(errorMeaningOf(result)).toEqual({ kind: 'throttled', wholeAccount })
  })
})

describe('the meaning of an error', () => {
  it.each<[UpstreamResult, ErrorMeaning['kind']]>([
    [answered(409), 'conflict'],
    [answered(409, kirim({ code: 'template_already_exists' })), 'refused'],
    [results.inProgress(), 'in_progress'],
    [answered(500, kirim({ code: 'idempotency_in_progress' })), 'failed'],
    [results.noSuchNumber, 'not_found'],
    [answered(404, kirim({ code: 'a', param: 'phone_number_id' })), 'number'],
    [answered(404, kirim({ code: 'a', param: 'to' })), 'refused'],
    [answered(408), 'failed'],
    [answered(500, meta(131047)), 'permanent'],
  ])('of %j is %s', (result, kind) => {
    expect(errorMeaningOf(result)?.kind).toBe(kind)
  })

  it.each([results.success, answered(302), results.timedOut, results.noConnection])(
    'is none for %j',
    (result) => {
      expect(errorMeaningOf(result)).toBeUndefined()
    },
  )
})
