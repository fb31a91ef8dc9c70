import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFields } from '../../src/node/fields.ts'

const known = {
  authorization: 'authorization',
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  contentLength: 'content-length',
  idempotencyKey: 'idempotency-key',
  correlationId: 'x-request-id',
  transferEncoding: 'transfer-encoding',
} as const

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
})
const name = fc.oneof(
  fc.constantFrom(...Object.values(known), 'host', 'expect', 'upgrade', 'x-other', 'content-typo'),
  fc.stringMatching(/^[a-z-]{1,20}$/),
)
/** A name in any case, as callers write them. */
const written = fc
  .tuple(name, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }))
  .map(([text, upper]) => [...text].map((char, at) => (upper[at] ? char.toUpperCase() : char)).join(''))

describe('the fields of a request', () => {
  it('are those that the Fetch API reads from the same lines', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(written, visible)), (lines) => {
        const fields = readFields(lines.flat())
        const headers = new Headers(lines)
        for (const [field, header] of Object.entries(known)) {
          expect(fields[field as keyof typeof known]).toBe(headers.get(header) ?? undefined)
        }
        expect(fields.expectsMore).toBe(headers.has('expect') || headers.has('upgrade'))
      }),
    )
  })

  it('count the Hosts and keep the first', () => {
    expect(readFields(['Host', 'a', 'hOST', 'b'])).toMatchObject({ host: 'a', hosts: 2 })
    expect(readFields([])).toMatchObject({ host: undefined, hosts: 0 })
  })

  it('keep both of two Authorizations, so that neither is taken for the only one', () => {
    const { authorization } = readFields(['Authorization', 'Bearer a', 'authorization', 'Bearer b'])
    expect(authorization).toBe('Bearer a, Bearer b')
  })
})
