import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGatewayKey, hasValidChecksum } from '../../src/domain/gateway-key.ts'

const keys = fc
  .infiniteStream(fc.nat(255))
  .map((stream) => createGatewayKey((length) => Uint8Array.from(stream.take(length))))

describe('a gateway key', () => {
  test('is kgw_ and 38 letters and digits, fit for a header, and has a valid checksum', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(key).toMatch(/^kgw_[0-9A-Za-z]{38}$/)
        expect(hasValidChecksum(key)).toBe(true)
      }),
    )
  })

  test('has the same checksum as another implementation of CRC-32 gives it', () => {
    expect(hasValidChecksum('kgw_000000000000000000000000000000002Ac87U')).toBe(true)
    expect(hasValidChecksum('kgw_0123456789ABCDEFGHIJKLMNOPQRSTUV2X2Aux')).toBe(true)
    expect(hasValidChecksum('kgw_UVWXYZabcdefghijklmnopqrstuvwxyz0SeKoP')).toBe(true)
  })

  test('is noticed to be wrong after a change of any one character', () => {
    fc.assert(
      fc.property(keys, fc.nat(41), fc.string({ minLength: 1, maxLength: 1 }), (key, at, other) => {
        fc.pre(key[at] !== other)
        expect(hasValidChecksum(key.slice(0, at) + other + key.slice(at + 1))).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('is noticed to be wrong after two neighbours were swapped', () => {
    fc.assert(
      fc.property(keys, fc.nat(40), (key, at) => {
        const swapped = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2)
        fc.pre(swapped !== key)
        expect(hasValidChecksum(swapped)).toBe(false)
      }),
    )
  })

  test('is noticed to be wrong when it is cut, continued or wrapped in blanks', () => {
    const key = createGatewayKey(randomBytes)
    for (const text of [
      '',
      key.slice(0, -1),
      `${key}0`,
      ` ${key}`,
      `${key}\n`,
      key.slice(4),
      'kgw_',
      `Bearer ${key}`,
    ]) {
      expect(hasValidChecksum(text), text).toBe(false)
    }
  })

  test('uses every letter and digit about equally often', () => {
    const counts = new Map<string, number>()
    for (let round = 0; round < 2000; round += 1) {
      for (const character of createGatewayKey(randomBytes).slice(4, 36)) {
        counts.set(character, (counts.get(character) ?? 0) + 1)
      }
    }
    // 64,000 draws, 1032 expected of each; a deviation of 8σ would be 257. Plain `byte % 62` gives 1250 of "0" to "7".
    expect(counts.size).toBe(62)
    for (const count of counts.values()) expect(Math.abs(count - 64_000 / 62)).toBeLessThan(200)
  })

  test('does not come up twice', () => {
    const made = Array.from({ length: 1000 }, () => createGatewayKey(randomBytes))
    expect(new Set(made).size).toBe(1000)
  })
})
