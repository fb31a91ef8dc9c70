import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkJson, utf8Text } from '../../src/domain/json.ts'

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = wrap(value)
  return value
}

const inObjects = (levels: number) => nested(levels, (inner) => ({ a: inner }))

const faultIn = (text: string) => checkJson(JSON.parse(text))?.message

describe('checkJson', () => {
  it('takes every well-formed object of at most 32 levels that has no __proto__ key', () => {
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' })
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (object) => {
        const text = JSON.stringify(object)
        expect(faultIn(text) === undefined).toBe(!text.includes('"__proto__":'))
      }),
    )
  })

  it('never throws, however deep and whatever the wrapping', () => {
    const wraps = [(inner: unknown) => ({ a: inner }), (inner: unknown) => [inner]]
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(...wraps), (levels, wrap) => {
        const fault = checkJson({ root: nested(levels, wrap) })
        expect(fault === undefined).toBe(levels < 32)
      }),
    )
  })

  it('finds a lone surrogate in any string, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0xd800, max: 0xdfff }), (before, unit) => {
        const broken = `${before} ${String.fromCharCode(unit)}`
        expect(checkJson({ list: [{ text: broken }] })?.message).toContain('surrogate')
        expect(checkJson({ list: [{ [broken]: 'text' }] })?.message).toContain('surrogate')
      }),
    )
  })

  it('counts the root object as the first level', () => {
    expect(checkJson(inObjects(32))).toBeUndefined()
    expect(checkJson(inObjects(33))?.message).toMatch(/deeper than 32 levels/)
  })

  it.each(['null', '1', '"text"', 'true', '[]', '[{}]'])('refuses %s in place of an object', (text) => {
    expect(faultIn(text)).toBe('The body must be one JSON object.')
  })

  it('refuses a key named __proto__ at any depth', () => {
    expect(faultIn('{"__proto__": 1}')).toBe('The body holds a key named "__proto__".')
    expect(faultIn('{"a": [{"__proto__": {}}]}')).toBe(
      'The body holds a key named "__proto__", at or below `a.0`.',
    )
    expect(faultIn('{"constructor": 1, "prototype": {"toString": 2}}')).toBeUndefined()
  })

  it('refuses numbers that would be written back as null', () => {
    expect(faultIn('{"text": {"n": 1e999}}')).toBe(
      'The body holds a number that is too large, at or below `text.n`.',
    )
    expect(faultIn('{"n": [-1e999]}')).toContain('too large')
    expect(faultIn('{"n": 1.7e308}')).toBeUndefined()
  })

  it('takes paired surrogates', () => {
    expect(faultIn(String.raw`{"text": "\ud83d\ude00"}`)).toBeUndefined()
    expect(faultIn(String.raw`{"text": "\ude00\ud83d"}`)).toContain('surrogate')
  })

  it('names the place of a fault only as far as its keys are plain names', () => {
    expect(checkJson({ text: { body: '\ud800' } })?.message).toMatch(/`text\.body`\.$/)
    expect(checkJson({ text: { '+14155550123': { body: '\ud800' } } })?.message).toMatch(/`text`\.$/)
    expect(checkJson({ 'a key with blanks': { body: '\ud800' } })?.message).not.toContain('`')
  })
})

describe('utf8Text', () => {
  const bytes = (...values: number[]) => new Uint8Array(values)

  it('gives back the text of its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.startsWith('\ufeff'))
        expect(utf8Text(new TextEncoder().encode(text))).toBe(text)
      }),
    )
  })

  it.each([
    ['a stray continuation byte', bytes(0x80)],
    ['a sequence that breaks off', bytes(0x7b, 0xe2, 0x82)],
    ['an overlong form', bytes(0xc0, 0xaf)],
    ['an encoded surrogate', bytes(0xed, 0xa0, 0x80)],
    ['Latin-1', bytes(0x63, 0x61, 0x66, 0xe9)],
  ])('gives nothing for %s, and still reads what comes next', (_, broken) => {
    expect(utf8Text(broken)).toBeUndefined()
    expect(utf8Text(bytes(0x7b, 0x7d))).toBe('{}')
  })

  it('drops a leading byte order mark', () => {
    expect(utf8Text(bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d))).toBe('{}')
  })
})
