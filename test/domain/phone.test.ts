import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toE164 } from '../../src/domain/phone.ts'

const e164 = /^\+[1-9]\d{6,14}$/
const country = fc.constantFrom(undefined, 'ID', 'US', 'IT', 'DE', 'GB', 'BR', 'SG', 'RU', 'ZZ')
const digits = fc.stringMatching(/^\d{0,18}$/)
const international = fc.stringMatching(/^\+[1-9]\d{6,14}$/)

describe('toE164', () => {
  it('gives E.164 or nothing, whatever is put in', () => {
    const unit = fc.constantFrom(...'0123456789+-. ()[]/x\u00a0\u2011\uff11')
    const input = fc.oneof(fc.string({ unit }), fc.string(), digits)
    fc.assert(
      fc.property(input, country, (text, in_) => {
        const number = toE164(text, in_)
        if (number !== undefined) expect(number).toMatch(e164)
      }),
      { numRuns: 2000 },
    )
  })

  it('leaves its own results as they are, in every country', () => {
    fc.assert(
      fc.property(digits, country, country, (text, first, second) => {
        const number = toE164(text, first)
        if (number !== undefined) expect(toE164(number, second)).toBe(number)
      }),
      { numRuns: 2000 },
    )
  })

  it('reads a number with + or 00 the same way in every country', () => {
    fc.assert(
      fc.property(international, country, (number, in_) => {
        expect(toE164(number, in_)).toBe(number)
        expect(toE164(`00${number.slice(1)}`, in_)).toBe(number)
      }),
    )
  })

  it('reads past blanks, dashes, dots and brackets wherever they stand', () => {
    const filler = fc.string({
      unit: fc.constantFrom(...' \t\u00a0\u202f\u3000-\u00ad\u2010\u2013\u2212.()[]'),
    })
    fc.assert(
      fc.property(international, fc.array(filler, { minLength: 17, maxLength: 17 }), (number, fillers) => {
        const written = [...number].map((character, index) => `${fillers[index]}${character}`).join('')
        expect(toE164(`${written}${fillers[16]}`)).toBe(number)
      }),
    )
  })

  it.each([
    ['+14155550123', '+14155550123'],
    ['14155550123', '+14155550123'],
    ['+62 812-3456-7890', '+6281234567890'],
    ['(+62) 812.3456.7890', '+6281234567890'],
    ['0062 812 3456 7890', '+6281234567890'],
    ['+1234567', '+1234567'],
    ['+123456789012345', '+123456789012345'],
  ])('reads %s without a default country', (text, number) => {
    expect(toE164(text)).toBe(number)
  })

  it.each([
    ['nothing', ''],
    ['only separators', ' -()'],
    ['a national number', '081234567890'],
    ['too few digits', '+123456'],
    ['too many digits', '+1234567890123456'],
    ['a country code that starts with 0', '+0812345678'],
    ['a third leading 0', '00062812345678'],
    ['a + inside', '62+8123456789'],
    ['two +', '++628123456789'],
    ['+ and 00', '+00628123456789'],
    ['letters', '+1415CALLNOW'],
    ['a slash', '+1/4155550123'],
    ['an extension', '+14155550123x9'],
    ['digits of another script', '+١٤١٥٥٥٥٠١٢٣'],
    ['full-width digits', '+１４１５５５５０１２３'],
  ])('refuses %s', (_, text) => {
    expect(toE164(text)).toBeUndefined()
    expect(toE164(text, 'ZZ')).toBeUndefined()
  })

  it.each([
    ['0812-3456-7890', 'ID', '+6281234567890'],
    ['07400 123456', 'GB', '+447400123456'],
    ['0151 23456789', 'DE', '+4915123456789'],
    ['06 1234 5678', 'IT', '+390612345678'],
  ])('reads the national number %s of %s', (text, in_, number) => {
    expect(toE164(text, in_)).toBe(number)
  })

  it.each([
    ['a national number without its trunk prefix', '895 1234 5678', 'ID', '+6289512345678'],
    ['an international number of the country', '6281234567890', 'ID', '+6281234567890'],
    ['an international number of another country', '447400123456', 'ID', '+447400123456'],
    ['a national number of a country without trunk prefix', '2125550123', 'US', '+12125550123'],
    ['a national number with another trunk prefix', '89161234567', 'RU', '+79161234567'],
    ['a number of no known range', '9991234567890', 'ID', '+9991234567890'],
  ])('reads bare digits both ways: %s', (_, text, in_, number) => {
    expect(toE164(text, in_)).toBe(number)
  })

  it.each([
    ['6282345678', 'US', '+16282345678', '+6282345678'],
    ['81234567890', 'ID', '+6281234567890', '+81234567890'],
  ])('refuses %s in %s, since it is the number of two people', (text, in_, national, abroad) => {
    expect(toE164(text, in_)).toBeUndefined()
    expect(toE164(national, in_)).toBe(national)
    expect(toE164(abroad, in_)).toBe(abroad)
  })

  it('refuses a national number that cannot exist in the country', () => {
    expect(toE164('0812345678', 'US')).toBeUndefined()
    expect(toE164('01', 'ID')).toBeUndefined()
  })

  it('counts a country without a numbering plan as none', () => {
    expect(toE164('081234567890', 'ZZ')).toBeUndefined()
    expect(toE164('6281234567890', 'ZZ')).toBe('+6281234567890')
  })
})
