import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/domain/judge.ts'
import { moreTelling } from '../../src/domain/most-telling.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { answered, circumstances, meta } from './judge-samples.ts'
import * as results from './upstream-results.ts'

const attempts = fc.array(results.anyResult, { minLength: 1, maxLength: 5 })
const mostTelling = (list: readonly UpstreamResult[]): UpstreamResult => list.reduce(moreTelling)
const judged = (result: UpstreamResult) => judge(result, circumstances())
const outcomeOf = (result: UpstreamResult) => {
  const { verdict } = judged(result)
  return verdict.kind === 'success' ? 'success' : verdict.outcome
}

describe('the most telling of several attempts under one key', () => {
  it('is one of them', () => {
    fc.assert(fc.property(attempts, (list) => list.includes(mostTelling(list))))
  })

  it('never frees the key if any of them may have been sent', () => {
    fc.assert(
      fc.property(attempts, (list) => {
        fc.pre(list.some((result) => judged(result).settlement === 'unknown'))
        expect(judged(mostTelling(list)).settlement).not.toBe('release')
      }),
      { numRuns: 2000 },
    )
  })

  it('says "not sent" after one that may have been only if the upstream itself refused the message for good', () => {
    fc.assert(
      fc.property(attempts, (list) => {
        fc.pre(list.some((result) => judged(result).settlement === 'unknown'))
        const told = mostTelling(list)
        if (outcomeOf(told) !== 'not_sent') return
        expect(told.kind).toBe('answered')
        expect(judged(told).settlement).toBe('keep')
        expect(told.kind === 'answered' && [401, 403, 429].includes(told.status) && told.body).not.toBe(
          undefined,
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('never says "not sent" after any of them was accepted', () => {
    fc.assert(
      fc.property(attempts, (list) => {
        fc.pre(list.some((result) => ['sent', 'success'].includes(outcomeOf(result))))
        expect(['sent', 'success']).toContain(outcomeOf(mostTelling(list)))
      }),
      { numRuns: 2000 },
    )
  })

  const unclear = [
    results.timedOut,
    results.reset,
    results.unavailable(),
    results.inProgress(),
    answered(500),
  ]
  const turnedAway = [
    results.noConnection,
    results.tooLate,
    results.paused,
    results.breakerOpen,
    results.badToken,
    results.forbiddenNumber,
    results.tooMany(1),
    results.keyReuse,
    results.noSuchNumber,
    answered(403),
    answered(500, meta(190)),
    answered(400, meta(130429)),
  ]
  const definite = [results.success, results.badRequest, results.outsideWindow]

  it.each(unclear)('stays %j when a later one was turned away at the door', (earlier) => {
    for (const later of turnedAway) expect(moreTelling(earlier, later)).toBe(earlier)
  })

  it.each(definite)('is %j, which is definite, whatever came before', (later) => {
    for (const earlier of [...unclear, ...turnedAway]) expect(moreTelling(earlier, later)).toBe(later)
  })

  it('is the later of two that tell equally much', () => {
    for (const group of [unclear, turnedAway]) {
      for (const earlier of group) for (const later of group) expect(moreTelling(earlier, later)).toBe(later)
    }
  })

  it('is an accepted one that cannot be read, rather than a refusal or a silence after it', () => {
    for (const later of [...unclear, ...turnedAway, results.badRequest]) {
      expect(moreTelling(results.unreadable, later)).toBe(results.unreadable)
    }
    expect(moreTelling(results.unreadable, results.success)).toBe(results.success)
  })
})
