import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/domain/fingerprint.ts'
import { samples } from '../domain/message-samples.ts'
import { anyText } from '../support/any-text.ts'
import { keyOf, text } from '../support/fixture.ts'
import { messagesPath } from '../support/local-gateway.ts'
import { codeOf, createInProcessGateway } from './in-process.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 55_000)

const whole = [...Object.values(samples), text(), text('0062 812-3456-7890'), text('08123456789')]

/** Values that mean trouble somewhere. */
const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53 + 2,
  Number.MIN_VALUE,
  '',
  ' ',
  '\0',
  '\ud800',
  '\u202e',
  'constructor',
  'toString',
  '+999',
  '+'.repeat(300),
  'x'.repeat(5000),
  'https://127.0.0.1/',
  'https://[::1]/',
  'javascript:alert(1)',
  'https://user:pass@files.example.org/',
  'wamid.',
  'read',
  'text',
  'list',
  [],
  {},
  [[]],
  [null],
  { type: 'text' },
  { toString: 1, valueOf: 2, constructor: 3, hasOwnProperty: 4 },
  Array.from({ length: 200 }, () => ({})),
  Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, at])),
]

const value = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...odd) },
  { weight: 4, arbitrary: fc.string({ maxLength: 8, unit: 'binary' }) },
  { weight: 2, arbitrary: fc.double() },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
)

/** Nests `inner` deeper by this many levels. */
const nest = (inner: unknown, levels: number): unknown => {
  let nested = inner
  for (let level = 0; level < levels; level += 1) nested = level % 2 === 0 ? [nested] : { a: nested }
  return nested
}

const change = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'drop', 'add', 'copy', 'nest', 'append'),
  value,
  name: fc.constantFrom(
    'type',
    'to',
    'status',
    'text',
    'interactive',
    'id',
    'link',
    'constructor',
    'é',
    '',
    'a.b',
  ),
  number: fc.integer({ min: 1, max: 40 }),
})

type Holder = Record<string, unknown>

const copyOf = <T>(json: T): T => (json === undefined ? json : (JSON.parse(JSON.stringify(json)) as T))

/** Every place in `root`: an object or array, and a key of it. */
function places(root: unknown, found: [Holder, string][] = []): [Holder, string][] {
  if (typeof root !== 'object' || root === null) return found
  for (const key of Object.keys(root)) {
    found.push([root as Holder, key])
    if (found.length < 500) places((root as Holder)[key], found)
  }
  return found
}

const mutated = fc
  .tuple(fc.constantFrom(...whole), fc.array(change, { maxLength: 3 }))
  .map(([original, changes]) => {
    const body = copyOf(original)
    for (const { at, how, value, name, number } of changes) {
      const all = places(body)
      const [holder, key] = all[at % all.length] ?? [body as Holder, name]
      const held = holder[key]
      if (how === 'replace') holder[key] = copyOf(value)
      else if (how === 'drop') delete holder[key]
      else if (how === 'add') holder[name] = copyOf(value)
      else if (how === 'copy') holder[name] = copyOf(held)
      else if (how === 'nest') holder[key] = nest(held, number)
      else if (Array.isArray(held)) for (let n = 0; n < number; n += 1) held.push(copyOf(held[0]))
      else if (typeof held === 'string') holder[key] = held.repeat(number)
    }
    return body
  })

/** What no serialiser writes: duplicates, numbers beyond all bounds, broken escapes, cut-off ends. */
const splice = fc.record({
  at: fc.nat(),
  length: fc.integer({ min: 0, max: 6 }),
  put: fc.constantFrom(
    '',
    ',',
    '"',
    '{',
    '}',
    '[',
    ']',
    ':',
    '\\',
    '\\ud800',
    '\\u0000',
    '1e999',
    '-0',
    '1'.repeat(400),
    'NaN',
    '"__proto__":{"type":"text"},',
    '"to":"+14155550124",',
    '"type":"image",',
    '{"a":'.repeat(40),
    '['.repeat(20_000),
    ' '.repeat(1000),
    '\ufeff',
    '\n',
    '//',
  ),
})

const spliced = fc
  .tuple(mutated, fc.array(splice, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([body, splices, cut]) => {
    let json = JSON.stringify(body)
    for (const { at, length, put } of splices) {
      const place = at % (json.length + 1)
      json = json.slice(0, place) + put + json.slice(place + length)
    }
    return cut ? json.slice(0, (splices[0]?.at ?? 0) % (json.length + 1)) : json
  })

const rawBytes = fc
  .tuple(mutated, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 6 }))
  .map(([body, at, put]) => {
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    bytes.set(put.subarray(0, bytes.length), at % Math.max(1, bytes.length - put.length))
    return bytes
  })

const encoded = mutated.map((body) => new Uint8Array(Buffer.from(JSON.stringify(body), 'utf16le')))

const bodies = fc.oneof(
  { weight: 20, arbitrary: mutated.map((body) => JSON.stringify(body)) },
  { weight: 5, arbitrary: spliced },
  { weight: 3, arbitrary: rawBytes },
  { weight: 1, arbitrary: encoded },
  { weight: 1, arbitrary: fc.jsonValue().map((any) => JSON.stringify(any)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
)

describe('bodies of any kind', () => {
  const gateway = createInProcessGateway()

  it(`are answered in envelopes, and never with a 500 (${RUNS} requests)`, async () => {
    const seen = new Set<string>()
    let played = 0
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom('billing', 'crm'), fc.nat(20), async (body, tenant, key) => {
        played += 1
        const answer = await gateway.play(
          new Request(`http://gateway.test${messagesPath}`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${keyOf(tenant)}`,
              'content-type': 'application/json',
              // One in twenty under a key that was used before.
              'idempotency-key': key === 0 ? 'again' : `key-${played}`,
            },
            body,
          }),
        )
        seen.add(codeOf(answer))
        expect([200, 400, 413, 422]).toContain(answer.status)
        for (const call of answer.calls) {
          const sent = JSON.parse(call.body ?? '') as Record<string, unknown>
          expect(sent.messaging_product).toBe('whatsapp')
          expect(canonicalJson(sent), 'what goes upstream is canonical').toBe(call.body)
        }
      }),
      { numRuns: RUNS },
    )
    expect(played).toBeGreaterThanOrEqual(RUNS)
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'success',
        'invalid_json',
        'invalid_field_value',
        'missing_required_field',
        'invalid_phone_number',
        'idempotency_key_reuse',
      ]),
    )
  }, 300_000)
})
