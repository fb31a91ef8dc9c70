import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acmeNumber, globexNumber, keyOf, text, tokens } from '../support/fixture.ts'
import { codeOf, createInProcessGateway, type Played } from './in-process.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 50_000)

const often = <T>(usual: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    ...others.map((arbitrary) => ({ weight: 1, arbitrary })),
  )

/** Any bytes that fetch lets into a header value. */
const headerText = fc
  .array(
    fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 10 && byte !== 13),
    { maxLength: 12 },
  )
  .map((bytes) => String.fromCharCode(...bytes))

type Field = readonly [name: string, value: string]

const fields = (name: string, ...values: readonly string[]): Field[] => values.map((value) => [name, value])
const anyField = (name: string) => headerText.map((value) => fields(name, value))
const someField = (name: string, ...values: readonly string[]) =>
  fc.subarray([...values], { minLength: 0, maxLength: 2 }).map((few) => fields(name, ...few))

const authorization = often<Field[]>(
  fields('Authorization', `Bearer ${keyOf('billing')}`),
  anyField('Authorization'),
  headerText.map((value) => fields('Authorization', `Bearer ${value}`)),
  someField(
    'Authorization',
    `Bearer ${keyOf('crm')}`,
    `bearer   ${keyOf('crm')}`,
    `Bearer ${keyOf('old')}`,
    `Bearer ${keyOf('read')}`,
    `Bearer ${keyOf('suspended')}`,
    `Bearer ${tokens.acme}`,
    `Basic ${keyOf('billing')}`,
    'Bearer',
    '',
    'Bearer '.repeat(500),
  ),
)

const contentType = often<Field[]>(
  fields('Content-Type', 'application/json'),
  anyField('Content-Type'),
  headerText.map((value) => fields('Content-Type', `application/json;${value}`)),
  someField(
    'Content-Type',
    'application/json; charset=utf-8',
    'application/json;charset="UTF8"',
    'application/json; charset=latin1',
    'APPLICATION/JSON ; a=b',
    'application/jsonp',
    'text/plain',
    ';',
    '',
  ),
)

const idempotencyKey = fc.oneof(
  fc.constant<Field[]>([]),
  fc.nat(50).map((key) => fields('Idempotency-Key', `key-${key}`)),
  anyField('Idempotency-Key'),
  fc.nat(300).map((length) => fields('Idempotency-Key', 'k'.repeat(length))),
  someField('Idempotency-Key', '"', '""', '"""', '"a', 'a"', '"a"', ',', 'a,b', 'a b', '\\', '__proto__', ''),
)

const rest = fc.array(
  fc.oneof(
    fc.constantFrom<Field>(
      ['Content-Length', '999999999'],
      ['Content-Length', 'abc'],
      ['Content-Length', '-1'],
      ['Content-Encoding', 'gzip'],
      ['Content-Encoding', 'identity'],
      ['Transfer-Encoding', 'chunked'],
      ['Connection', 'authorization, idempotency-key'],
      ['Expect', '100-continue'],
      ['Host', 'other.test'],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Cookie', 'a=b'],
      ['Range', 'bytes=0-1'],
      ['If-None-Match', '*'],
      ['Upgrade', 'websocket'],
      ['__proto__', 'x'],
      ['constructor', 'x'],
    ),
    headerText.map((value): Field => ['X-Request-Id', value]),
    headerText.map((value): Field => ['Accept', value]),
  ),
  { maxLength: 3 },
)

const segment = fc.oneof(
  fc.constantFrom(
    'v1',
    acmeNumber,
    globexNumber,
    'messages',
    'me',
    'health',
    'media',
    'healthz',
    'readyz',
    'metrics',
    'msg_01M828270787KX92DJPVC1C7D7',
    'wamid.HBgLMTQxNTU1NTAxMjM=',
    '..',
    '.',
    '%2e%2e',
    '%2f',
    '%00',
    '%ff',
    '%',
    '',
    '*',
    ':phoneNumberId',
    '__proto__',
    '9'.repeat(400),
  ),
  fc.string({ maxLength: 6, unit: 'binary' }),
)

const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    '?limit=1',
    '?limit=1&limit=2',
    '?',
    '?#',
    '#x',
    '?__proto__=1',
    '?a=%zz&b=%00',
    `?${'q'.repeat(3000)}`,
  ),
  fc.string({ maxLength: 10, unit: 'binary' }).map((words) => `?${words}`),
)

const path = fc
  .tuple(
    often(
      `/v1/${acmeNumber}/messages`,
      fc.constantFrom('/v1/me', `/v1/${acmeNumber}/messages/msg_01M828270787KX92DJPVC1C7D7`, '/healthz'),
      fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
      segment.map((last) => `/v1/${acmeNumber}/messages/${last}`),
      segment.map((number) => `/v1/${number}/messages`),
    ),
    query,
  )
  .map((parts) => parts.join(''))

const method = often(
  'POST',
  fc.constantFrom(
    'GET',
    'HEAD',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'PROPFIND',
    'post',
    'patch',
    'M-SEARCH',
  ),
)

const body = often(JSON.stringify(text()), fc.constantFrom('', '{', '[]', 'null', '{"status":"read"}'))

const request = fc.record({
  method,
  path,
  body,
  headers: fc.tuple(authorization, contentType, idempotencyKey, rest).map((all) => all.flat()),
})

const upstreamBase = 'https://upstream.test/v1'

/** A call may only ever go to the messages of a number of the tenant, with the account's own token. */
function checkCalls({ calls, opened }: Played): void {
  for (const { path: called, token, idempotencyKey: key, method: used } of calls) {
    const { pathname, href } = new URL(upstreamBase + called)
    if (!/^\/v1\/\d{15}\/messages(\/[^/]+)?$/.test(pathname)) throw new Error(`called ${href}`)
    expect([tokens.acme, tokens.globex]).toContain(token.reveal())
    if (used === 'POST') expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(opened).toHaveLength(1)
  }
}

describe('requests of any kind', () => {
  const gateway = createInProcessGateway()

  it(`are answered in envelopes, and never with a 500 (${RUNS} requests)`, async () => {
    const seen = new Set<string>()
    let played = 0
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, body, headers }) => {
        played += 1
        const takesBody = !/^(GET|HEAD)$/i.test(method)
        const answer = await gateway.play(
          new Request(`http://gateway.test${path}`, {
            method,
            headers: headers.map(([name, value]): [string, string] => [name, value]),
            ...(takesBody && { body }),
          }),
        )
        checkCalls(answer)
        seen.add(codeOf(answer))
        if (answer.status < 400 && method === 'POST') {
          const keyed = headers.some(([name]) => name === 'Idempotency-Key')
          expect(answer.headers.has('idempotent-replayed')).toBe(keyed)
        }
      }),
      { numRuns: RUNS },
    )
    expect(played).toBeGreaterThanOrEqual(RUNS)
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'success',
        'invalid_json',
        'missing_required_field',
        'invalid_idempotency_key',
        'missing_api_key',
        'invalid_api_key',
        'expired_api_key',
        'scope_not_allowed',
        'tenant_suspended',
        'resource_not_found',
        'method_not_allowed',
        'payload_too_large',
        'unsupported_media_type',
      ]),
    )
  }, 300_000)
})
