import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson } from '../../src/config/json-source.ts'

function messageOf(text: string): string | undefined {
  const source = readJson(text)
  return source.ok ? undefined : source.fault.message
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('a text that is not JSON', () => {
  test.each([
    ['', 'line 1, column 1: expected a value'],
    ['{\n  "a": 1,\n}', 'line 3, column 1: expected a quoted name'],
    ['{"a" 1}', 'line 1, column 6: expected ":"'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: expected "," or "}"'],
    ['{a: 1}', 'line 1, column 2: expected a quoted name or "}"'],
    ['[1 2]', 'line 1, column 4: expected "," or "]"'],
    ['[,]', 'line 1, column 2: expected a value or "]"'],
    ['{} x', 'line 1, column 4: expected the end of the text'],
    ['{} {}', 'line 1, column 4: expected the end of the text'],
    ['{"a": kdv_live_secret}', 'line 1, column 7: expected a value'],
    ['{"a": "kdv_live_secret', 'line 1, column 7: expected a value'],
    ["{\r\n'a': 1}", 'line 2, column 1: expected a quoted name or "}"'],
  ])('%j is refused with the place, and without quoting the text', (text, message) => {
    expect(messageOf(text)).toBe(`not JSON at ${message}`)
  })

  test('is told from JSON as the engine does, whatever was changed in it', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '-',
      '.',
      'e',
      ' ',
      '\n',
      'null',
      'x',
      '"a"',
    ]
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.nat(3),
        fc.array(fc.constantFrom(...pieces), { maxLength: 3 }),
        (json, at, cut, added) => {
          const start = at % (json.length + 1)
          const text = json.slice(0, start) + added.join('') + json.slice(start + cut)
          expect(readJson(text).ok).toBe(parses(text))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('is told from JSON as the engine does, also when it is made of nothing but tokens', () => {
    const tokens = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', 'true', ' ')
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        expect(readJson(text).ok).toBe(parses(text))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a text that is JSON', () => {
  test('has the value that the engine gives it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 2)
        expect(readJson(text)).toMatchObject({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  test('has a fault for each name that is given twice in one object', () => {
    const source = readJson('{"a": {"x": 1, "y": [{}, {"z": 1, "\\u007a": 2}]}, "b": {"x": 1}, "a": 2}')
    expect(source.ok && source.faults.map(({ path }) => path)).toEqual(['a.y.1.z', 'a'])
  })

  test('has a fault for the name that object builders skip', () => {
    const source = readJson('{"tenants": {"__proto__": {}}}')
    expect(source.ok && source.faults.map(({ path }) => path)).toEqual(['tenants.__proto__'])
  })

  test('may be long and deep', () => {
    expect(readJson(JSON.stringify('\\'.repeat(1_000_000))).ok).toBe(true)
    expect(readJson('['.repeat(100_000) + ']'.repeat(100_000)).ok).toBe(true)
  })
})
