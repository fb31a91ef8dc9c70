import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGatewaySecret } from '../../src/config/gateway-secret.ts'

const bytes = fc.uint8Array({ minLength: 32, maxLength: 96 })
const standard = (value: Uint8Array) => Buffer.from(value).toString('base64')
const urlSafe = (value: Uint8Array) => Buffer.from(value).toString('base64url')

function messageOf(text: string | undefined): string | undefined {
  const decoded = decodeGatewaySecret(text)
  return decoded.ok ? undefined : `${decoded.fault.path}: ${decoded.fault.message}`
}

describe('GATEWAY_SECRET', () => {
  test('gives the bytes it encodes, in either alphabet, padded or not', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const expected = { ok: true, bytes: new Uint8Array(value) }
        const padding = '='.repeat(standard(value).length - urlSafe(value).length)
        const forms = [
          standard(value),
          standard(value).replace(/=+$/, ''),
          urlSafe(value),
          urlSafe(value) + padding,
        ]
        for (const form of [...forms, `${standard(value)}\n`])
          expect(decodeGatewaySecret(form)).toEqual(expected)
      }),
    )
  })

  test('is refused when one character in it is no base64, instead of skipping it', () => {
    const others = fc.constantFrom(' ', '*', '=', '\n', '.', 'é', '\u0000')
    fc.assert(
      fc.property(bytes, fc.nat(41), others, (value, at, other) => {
        const text = standard(value)
        expect(decodeGatewaySecret(text.slice(0, at) + other + text.slice(at)).ok).toBe(false)
        expect(decodeGatewaySecret(text.slice(0, at) + other + text.slice(at + 1)).ok).toBe(false)
      }),
    )
  })

  test('must be set, and long enough', () => {
    const howTo = 'make one with: openssl rand -base64 32'
    expect(messageOf(undefined)).toBe(`GATEWAY_SECRET: is not set; ${howTo}`)
    expect(messageOf('')).toBe(`GATEWAY_SECRET: is not set; ${howTo}`)
    expect(messageOf(standard(new Uint8Array(31)))).toBe(
      `GATEWAY_SECRET: holds 31 bytes, but must hold 32 or more; ${howTo}`,
    )
  })

  test.each([
    ['bits after the last byte', `${'A'.repeat(42)}B`],
    ['too little padding', `${'A'.repeat(46)}=`],
    ['too much padding', `${'A'.repeat(43)}==`],
    ['padding alone', '===='],
    ['two alphabets', `${'A'.repeat(42)}+_`],
    ['a blank in front', ` ${'A'.repeat(44)}`],
    ['an impossible length', 'A'.repeat(45)],
  ])('is refused for %s, without being repeated', (_what, text) => {
    expect(messageOf(text)).toBe('GATEWAY_SECRET: is not base64; make one with: openssl rand -base64 32')
  })
})
