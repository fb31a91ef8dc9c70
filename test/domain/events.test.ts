import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { elapsedMs } from '../../src/domain/events.ts'

it('the duration of an event is good to a hundredth of a millisecond', () => {
  expect(elapsedMs(1000, 1012.3456)).toBe(12.35)
  expect(elapsedMs(1000, 1000.004)).toBe(0)
  const reading = fc.double({ min: 0, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(reading, reading, (one, other) => {
      expect(Math.abs(elapsedMs(one, other) - (other - one))).toBeLessThan(0.0051)
      expect(JSON.stringify(elapsedMs(one, other))).toMatch(/^-?\d+(?:\.\d{1,2})?$/)
    }),
  )
})
