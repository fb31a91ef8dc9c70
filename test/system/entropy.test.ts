import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/system/clock.ts'
import { createEntropy } from '../../src/system/entropy.ts'
import { createFakeClock } from '../support/fake-clock.ts'

describe('an id', () => {
  it('is its prefix and 26 characters of Crockford base32', () => {
    const { id } = createEntropy(systemClock)
    for (let i = 0; i < 1000; i += 1) expect(id('req')).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(id('msg')).toMatch(/^msg_/)
  })

  it('is unique among 100,000 of one millisecond', () => {
    const { id } = createEntropy(createFakeClock())
    expect(new Set(Array.from({ length: 100_000 }, () => id('req'))).size).toBe(100_000)
  })

  it('of two sources of one millisecond is unique too', () => {
    const clock = createFakeClock()
    const sources = [createEntropy(clock), createEntropy(clock)]
    const ids = sources.flatMap(({ id }) => Array.from({ length: 10_000 }, () => id('req')))
    expect(new Set(ids).size).toBe(20_000)
  })

  it('has every character of the alphabet in each of its 16 random places', () => {
    const { id } = createEntropy(createFakeClock())
    const ids = Array.from({ length: 3000 }, () => id('r').slice(-16))
    for (let place = 0; place < 16; place += 1) {
      expect(new Set(ids.map((text) => text[place])).size).toBe(32)
    }
  })

  it('begins with the time, so that ids of later milliseconds sort later', () => {
    const epoch = fc.integer({ min: 0, max: 2 ** 48 - 1 })
    fc.assert(
      fc.property(epoch, epoch, (one, other) => {
        fc.pre(one !== other)
        const [first, second] = [one, other].map((now) => createEntropy(createFakeClock(now)).id('req'))
        expect(String(first) < String(second)).toBe(one < other)
      }),
    )
  })

  it('writes the time as a ULID does', () => {
    // The example of the ULID specification: 1469918176385 ms is 01ARYZ6S41.
    expect(createEntropy(createFakeClock(1_469_918_176_385)).id('x').slice(2, 12)).toBe('01ARYZ6S41')
  })

  it('follows a clock that moves on or steps back', () => {
    const clock = createFakeClock(1_469_918_176_385)
    const { id } = createEntropy(clock)
    const stamp = () => id('x').slice(2, 12)
    expect(stamp()).toBe('01ARYZ6S41')
    clock.step(1)
    expect(stamp()).toBe('01ARYZ6S42')
    clock.step(-2)
    expect(stamp()).toBe('01ARYZ6S40')
  })
})
