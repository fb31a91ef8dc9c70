import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, derivedKeyBytes, fingerprintText } from '../../src/domain/fingerprint.ts'
import { anyText } from '../support/any-text.ts'

describe('canonical JSON (RFC 8785)', () => {
  it('prints the example of §3.2.2', () => {
    const text =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
    expect(canonicalJson(JSON.parse(text))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts names by UTF-16 code units, as in the example of §3.2.3', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const value = Object.fromEntries(names.map((name) => [name, 0]))
    expect(Object.keys(JSON.parse(canonicalJson(value)))).not.toEqual(names)
    expect(canonicalJson(value)).toBe(
      '{"\\r":0,"1":0,"\u0080":0,"\u00f6":0,"\u20ac":0,"\ud83d\ude00":0,"\ufb33":0}',
    )
  })

  it('does not put names that look like numbers before others', () => {
    expect(canonicalJson({ 10: 0, 9: 0, '': 0, '-': 0 })).toBe('{"":0,"-":0,"10":0,"9":0}')
  })

  it.each<[string, string]>([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('prints the number with the bits %s as %s (appendix B)', (bits, text) => {
    expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text)
  })

  it.each<[unknown, string]>([
    [null, 'null'],
    [true, 'true'],
    ['a"b', '"a\\"b"'],
    [[], '[]'],
    [{}, '{}'],
    [[1, [2, { b: [], a: {} }]], '[1,[2,{"a":{},"b":[]}]]'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [JSON.parse('{"__proto__":{"a":1},"a":2}'), '{"__proto__":{"a":1},"a":2}'],
  ])('prints %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('holds all of the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const same = JSON.parse(JSON.stringify(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(same)
      }),
    )
  })

  it('does not depend on the order of names', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, member]) => [name, reversed(member)]),
      )
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
      }),
    )
  })

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })
})

describe('the text of a fingerprint', () => {
  it('holds version, method, path and body, each on its own line', () => {
    expect(fingerprintText('POST', '/106540352242922/messages', '{"a":1}')).toBe(
      'v1\nPOST\n/106540352242922/messages\n{"a":1}',
    )
  })
})

describe('the bytes of a derived key', () => {
  it('are "v1", then length and UTF-8 bytes of tenant and key', () => {
    expect(Buffer.from(derivedKeyBytes('billing', 'order-42')).toString('latin1')).toBe(
      'v1\0\0\0\x07billing\0\0\0\x08order-42',
    )
    expect(Buffer.from(derivedKeyBytes('ä', '')).toString('hex')).toBe('7631' + '00000002c3a4' + '00000000')
  })

  it('count long keys in four bytes, the highest first', () => {
    const bytes = derivedKeyBytes('t', 'k'.repeat(66_051))
    expect([...bytes.subarray(7, 11)]).toEqual([0, 1, 2, 3])
    expect(bytes).toHaveLength(11 + 66_051)
  })

  it('tell back the tenant and the key, so no two pairs share them', () => {
    const text = anyText.map((one) => one.toWellFormed())
    const tricky = fc.string({ unit: fc.constantFrom('\0', '\x01', 'v', '1', 'é'), maxLength: 8 })
    fc.assert(
      fc.property(fc.oneof(text, tricky), fc.oneof(text, tricky), (tenant, key) => {
        const bytes = Buffer.from(derivedKeyBytes(tenant, key))
        const tenantEnd = 6 + bytes.readUInt32BE(2)
        const keyEnd = tenantEnd + 4 + bytes.readUInt32BE(tenantEnd)
        expect(bytes.subarray(0, 2).toString()).toBe('v1')
        expect(bytes.subarray(6, tenantEnd).toString()).toBe(tenant)
        expect(bytes.subarray(tenantEnd + 4, keyEnd).toString()).toBe(key)
        expect(bytes).toHaveLength(keyEnd)
      }),
    )
  })
})
