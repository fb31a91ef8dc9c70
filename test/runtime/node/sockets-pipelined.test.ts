import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { globexNumber, keyOf, text } from '../../support/fixture.ts'
import { type LocalGateway, requestText, startLocalGateway } from '../../support/local-gateway.ts'
import { closeConnections } from '../../support/raw-http.ts'

let gateway: LocalGateway
beforeAll(async () => {
  gateway = await startLocalGateway()
})
afterEach(closeConnections)
afterAll(() => gateway.close())

type Kind = 'send' | 'keyed' | 'me' | 'foreign' | 'unknown' | 'invalid'

/** Both tenants use the same keys, for recipients of their own. */
const recipientOf = (tenant: string, index: number): string =>
  `+14155550${tenant === 'crm' ? 4 : 5}${String(index).padStart(2, '0')}`

function pipelined(
  { tenant, kind, chunks }: { tenant: string; kind: Kind; chunks: number | undefined },
  key: string,
  index: number,
): string {
  const authorization = `Bearer ${keyOf(kind === 'unknown' ? 'nobody' : tenant)}`
  if (kind === 'me') return requestText({ method: 'GET', target: '/v1/me', authorization, body: null })
  return requestText({
    authorization,
    body: kind === 'invalid' ? '{' : JSON.stringify(text(recipientOf(tenant, kind === 'keyed' ? 0 : index))),
    ...(kind === 'foreign' && { target: `/v1/${globexNumber}/messages` }),
    ...(kind === 'keyed' && { lines: [`Idempotency-Key: ${key}`] }),
    ...(chunks !== undefined && { chunks }),
  })
}

describe('pipelined requests', () => {
  it('of two tenants never get each other’s answers, whatever comes after whatever', async () => {
    const kind = fc.constantFrom<Kind>('send', 'keyed', 'me', 'foreign', 'unknown', 'invalid')
    const step = fc.record({
      tenant: fc.constantFrom('billing', 'crm'),
      kind,
      chunks: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
    })
    const cuts = fc.array(fc.integer({ min: 0, max: 9999 }), { maxLength: 4 })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), cuts, async (steps, at) => {
        run += 1
        const connection = gateway.open()
        const bytes = steps.map((one, index) => pipelined(one, `run-${run}`, index)).join('')
        const places = at.map((share) => Math.floor((share / 10_000) * bytes.length)).sort((a, b) => a - b)
        for (const [index, from] of [0, ...places].entries()) {
          connection.send(bytes.slice(from, places[index]))
          await new Promise((resolve) => setImmediate(resolve))
        }
        for (const [index, { tenant, kind }] of steps.entries()) {
          const answer = await connection.answer()
          if (kind === 'foreign') expectError(answer, 404, 'resource_not_found')
          else if (kind === 'unknown') expectError(answer, 401, 'invalid_api_key')
          else if (kind === 'invalid') expectError(answer, 400, 'invalid_json')
          else if (kind === 'me') expect(expectSuccess(answer).id).toBe(tenant)
          else expect(expectSuccess(answer).to).toBe(recipientOf(tenant, kind === 'keyed' ? 0 : index))
        }
        connection.finish()
        expect(await connection.rest(), 'one answer to each').toEqual([])
      }),
      { numRuns: 60 },
    )
    expect(gateway.sandbox.stats().duplicates).toBe(0)
  })
})
