import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/domain/answer.ts'
import { RETENTION_MS } from '../../src/domain/ledger-rules.ts'
import type { Charge } from '../../src/domain/limits.ts'
import type { Ledger, LedgerEntry, Opened } from '../../src/ports.ts'

/** What an adapter brings so that the suite can drive it. */
export interface LedgerHarness {
  readonly ledger: Ledger
  /** The ledger's own clock, epoch ms. */
  now(): number
  /** Moves the ledger's clock on and lets due timers run. */
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

const LEASE_MS = 40_000
const WAIT_MS = 30_000

const plenty: Charge = { class: 'write', tenantPerMinute: 6000, accountPerMinute: 6000, maxConcurrent: 1000 }

const answer = (text: string, status = 200): Answer => ({ status, body: JSON.stringify({ text }) })

let owners = 0

interface Wish {
  readonly key?: string
  readonly fingerprint?: string
  readonly body?: string
  readonly tenant?: string
  readonly account?: string
  readonly charge?: Partial<Charge>
  readonly waitMs?: number
}

/** An entry of its own owner; defaults: one tenant, generous limits, no waiting. */
const entry = (wish: Wish = {}): LedgerEntry => ({
  account: wish.account ?? 'acme',
  tenant: wish.tenant ?? 'billing',
  owner: `owner-${++owners}`,
  leaseMs: LEASE_MS,
  charge: { ...plenty, ...wish.charge },
  ...(wish.key !== undefined && {
    slot: {
      key: wish.key,
      fingerprint: wish.fingerprint ?? 'v1:print',
      body: wish.body ?? '{}',
      waitMs: wish.waitMs ?? 0,
    },
  }),
})

const keep = (text: string) => ({ settlement: 'keep', answer: answer(text), giveBack: false }) as const
const unknown = (text = '502') =>
  ({ settlement: 'unknown', answer: answer(text, 502), giveBack: false }) as const
const notSent = (text = '503') =>
  ({ settlement: 'release', answer: answer(text, 503), giveBack: true }) as const
const refusedUpstream = (text = '422') =>
  ({ settlement: 'keep', answer: answer(text, 422), giveBack: true }) as const

const leaves = (accountTokensLeft: number) => ({ ...keep('one'), accountTokensLeft })

/** The contract of the `Ledger` port. Every adapter must pass it. */
export function ledgerContract(name: string, make: () => Promise<LedgerHarness>): void {
  describe(`${name} keeps the ledger contract`, () => {
    let harness: LedgerHarness
    let ledger: Ledger
    beforeEach(async () => {
      harness = await make()
      ledger = harness.ledger
    })
    afterEach(() => harness.close())

    const kindOf = async (opened: ReturnType<Ledger['open']>): Promise<Opened['kind']> => (await opened).kind

    describe('idempotency', () => {
      it('lets the first request of a key go and replays its kept answer to the next', async () => {
        const first = entry({ key: 'a' })
        expect(await ledger.open(first)).toMatchObject({ kind: 'go', resumed: false })
        expect(await ledger.settle(first, keep('one'))).toBe(true)
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({
          kind: 'replay',
          answer: answer('one'),
        })
      })

      it('lets an owner that asks again go, and charges it once', async () => {
        const charge = { message: { perDay: 5 } }
        const first = entry({ key: 'a', charge })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        const second = entry({ key: 'a', charge })
        const opened = await ledger.open(second)
        expect(await ledger.open(second)).toEqual(opened)
        const unkeyed = entry({ charge })
        await ledger.open(unkeyed)
        expect(await ledger.open(unkeyed)).toMatchObject({ kind: 'go', resumed: false })
        expect((await ledger.standings(entry({ charge }))).day?.remaining).toBe(3)
      })

      it('keeps every field of the answer', async () => {
        const full: Answer = {
          status: 422,
          body: '{"error":{"message":"ü 😀 \\u0000"}}',
          code: 'outside_24h_window',
          outcome: 'not_sent',
          retryAfterSeconds: 7,
          upstreamRequestId: 'req_1',
        }
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, { settlement: 'keep', answer: full, giveBack: false })
        const opened = await ledger.open(entry({ key: 'a' }))
        expect(opened.kind === 'replay' && opened.answer).toEqual(full)
      })

      it('calls another fingerprint a mismatch, in flight, unknown or settled', async () => {
        const other = () => ledger.open(entry({ key: 'a', fingerprint: 'v1:other', waitMs: WAIT_MS }))
        const first = entry({ key: 'a' })
        await ledger.open(first)
        expect(await kindOf(other())).toBe('mismatch')
        await ledger.settle(first, unknown())
        expect(await kindOf(other())).toBe('mismatch')
        const second = entry({ key: 'a' })
        await ledger.open(second)
        await ledger.settle(second, keep('one'))
        expect(await kindOf(other())).toBe('mismatch')
      })

      it('keeps equal keys of two tenants apart', async () => {
        const first = entry({ key: 'a', tenant: 'billing' })
        await ledger.open(first)
        await ledger.settle(first, keep('one'))
        expect(await kindOf(ledger.open(entry({ key: 'a', tenant: 'crm' })))).toBe('go')
      })

      it('forgets a kept answer 24 hours after the first send, not after the settlement', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await harness.advance(10_000)
        await ledger.settle(first, keep('one'))
        await harness.advance(RETENTION_MS - 10_001)
        expect(await kindOf(ledger.open(entry({ key: 'a' })))).toBe('replay')
        await harness.advance(1)
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({ kind: 'go', resumed: false })
      })

      it('frees a key that was released, also for another fingerprint', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, notSent())
        expect(await ledger.open(entry({ key: 'a', fingerprint: 'v1:other' }))).toMatchObject({
          kind: 'go',
          resumed: false,
        })
      })

      it('resumes a key whose outcome is unknown', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({ kind: 'go', resumed: true })
      })

      it('does not forget an unknown outcome when the retry was certainly not sent', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        const second = entry({ key: 'a' })
        await ledger.open(second)
        await ledger.settle(second, notSent())
        expect(await kindOf(ledger.open(entry({ key: 'a', fingerprint: 'v1:other' })))).toBe('mismatch')
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({ kind: 'go', resumed: true })
      })

      it('counts the 24 hours of an unknown outcome from its first send', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        await harness.advance(RETENTION_MS / 2)
        const second = entry({ key: 'a' })
        await ledger.open(second)
        await ledger.settle(second, keep('one'))
        await harness.advance(RETENTION_MS / 2)
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({ kind: 'go', resumed: false })
      })
    })

    describe('the body of a request whose outcome is open', () => {
      const open = (body: string, fingerprint = 'v1:print') =>
        ledger.open(entry({ key: 'a', body, fingerprint }))

      const fresh = { kind: 'go', resumed: false, standings: expect.anything() }

      it('is that of the first attempt for every one that follows', async () => {
        const first = entry({ key: 'a', body: '{"n":1}' })
        expect(await ledger.open(first)).toEqual(fresh)
        await ledger.settle(first, unknown())
        for (const outcome of [unknown(), notSent(), unknown()]) {
          const next = entry({ key: 'a', body: '{"n":2}' })
          expect(await ledger.open(next)).toMatchObject({ kind: 'go', resumed: true, body: '{"n":1}' })
          await ledger.settle(next, outcome)
        }
      })

      it('is kept for the one that takes over when the lease ends', async () => {
        await open('{"n":1}')
        await harness.advance(LEASE_MS)
        expect(await open('{"n":2}')).toMatchObject({ kind: 'go', resumed: true, body: '{"n":1}' })
      })

      it('is given again to an owner that asks again', async () => {
        const first = entry({ key: 'a', body: '{"n":1}' })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        const second = entry({ key: 'a', body: '{"n":2}' })
        const opened = await ledger.open(second)
        expect(await ledger.open(second)).toEqual(opened)
      })

      it('is kept byte for byte, also when another caller waits for its answer', async () => {
        const body = JSON.stringify({ text: `ü 😀 \u0000 ${'x'.repeat(250_000)}` })
        const first = entry({ key: 'a', body })
        await ledger.open(first)
        const waiting = ledger.open(entry({ key: 'a', waitMs: WAIT_MS }))
        await harness.advance(1000)
        await ledger.settle(first, unknown())
        expect(await kindOf(waiting)).toBe('replay')
        const again = await open('{}')
        expect(again.kind === 'go' && again.body === body).toBe(true)
      })

      it('goes with its key when that is released or its day is over', async () => {
        const first = entry({ key: 'a', body: '{"n":1}' })
        await ledger.open(first)
        await ledger.settle(first, notSent())
        const second = entry({ key: 'a', body: '{"n":2}' })
        expect(await ledger.open(second)).toEqual(fresh)
        await ledger.settle(second, unknown())
        await harness.advance(RETENTION_MS)
        const third = entry({ key: 'a', body: '{"n":3}' })
        expect(await ledger.open(third)).toEqual(fresh)
        await ledger.settle(third, unknown())
        expect(await open('{"n":4}')).toMatchObject({ resumed: true, body: '{"n":3}' })
      })

      it('is handed to a request of another version, with the fingerprint that it is bound by', async () => {
        const first = entry({ key: 'a', body: '{"n":1}', fingerprint: 'v1:print' })
        const bound = { kind: 'other_version', fingerprint: 'v1:print', body: '{"n":1}' }
        await ledger.open(first)
        const used = async () => 6000 - (await ledger.standings(entry())).bucket.remaining
        expect(await used()).toBe(1)
        const wish = { key: 'a', body: '{"n":2}', waitMs: WAIT_MS }
        expect(await ledger.open(entry({ ...wish, fingerprint: 'v2:print' }))).toMatchObject(bound)
        expect(await ledger.open(entry({ ...wish, fingerprint: 'print' }))).toMatchObject(bound)
        expect(await used(), 'free of charge').toBe(1)
        await harness.advance(LEASE_MS)
        expect(await ledger.open(entry({ ...wish, fingerprint: 'v2:print' }))).toMatchObject(bound)
        await ledger.settle(first, unknown())
        expect(await ledger.open(entry({ ...wish, fingerprint: 'v2:print' }))).toMatchObject(bound)
        const again = entry({ ...wish, fingerprint: 'v1:print' })
        expect(await ledger.open(again)).toMatchObject({ kind: 'go', resumed: true, body: '{"n":1}' })
        expect(await kindOf(ledger.open(entry({ key: 'a', fingerprint: 'v1:other' })))).toBe('mismatch')
      })

      it('is not needed once there is an answer: that is replayed to every other version', async () => {
        const first = entry({ key: 'a', fingerprint: 'v1:print' })
        await ledger.open(first)
        await ledger.settle(first, keep('one'))
        for (const fingerprint of ['v2:print', 'v2:other', 'print']) {
          expect(await open('{}', fingerprint)).toMatchObject({ kind: 'replay', answer: answer('one') })
        }
        expect(await open('{}', 'v1:other')).toMatchObject({ kind: 'mismatch' })
      })
    })

    describe('a request in flight', () => {
      it('answers in_flight at once when the caller does not want to wait', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        const opened = await ledger.open(entry({ key: 'a' }))
        expect(opened).toMatchObject({ kind: 'in_flight', leaseEndsAt: harness.now() + LEASE_MS })
      })

      it.each([
        ['kept', keep('the answer')],
        ['unknown', unknown('the answer')],
        ['released', notSent('the answer')],
      ])('gives all waiters the answer of its owner when that is %s', async (_, outcome) => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        const waiting = [1, 2, 3].map(() => ledger.open(entry({ key: 'a', waitMs: WAIT_MS })))
        await harness.advance(1000)
        await ledger.settle(first, outcome)
        for (const opened of await Promise.all(waiting)) {
          expect(opened).toMatchObject({ kind: 'replay', answer: outcome.answer })
        }
      })

      it('lets waiters go with in_flight when the wait is over', async () => {
        await ledger.open(entry({ key: 'a' }))
        const waiting = ledger.open(entry({ key: 'a', waitMs: WAIT_MS }))
        await harness.advance(WAIT_MS)
        expect(await kindOf(waiting)).toBe('in_flight')
      })

      it('is taken over by exactly one waiter when the lease ends first', async () => {
        await ledger.open(entry({ key: 'a' }))
        await harness.advance(LEASE_MS - 5000)
        const waiting = [1, 2].map(() => ledger.open(entry({ key: 'a', waitMs: WAIT_MS })))
        await harness.advance(5000)
        await harness.advance(WAIT_MS)
        const kinds = (await Promise.all(waiting)).map((opened) => opened.kind).sort()
        expect(kinds).toEqual(['go', 'in_flight'])
      })

      it('cannot be settled by an owner that lost its lease to a successor', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await harness.advance(LEASE_MS)
        const second = entry({ key: 'a' })
        expect(await ledger.open(second)).toMatchObject({ kind: 'go', resumed: true })
        expect(await ledger.settle(first, keep('late'))).toBe(false)
        expect(await ledger.settle(second, keep('true'))).toBe(true)
        expect(await ledger.settle(first, keep('later'))).toBe(false)
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({
          kind: 'replay',
          answer: answer('true'),
        })
      })

      it('can still be settled after its lease when nobody took over', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await harness.advance(LEASE_MS + 1)
        expect(await ledger.settle(first, keep('one'))).toBe(true)
      })

      it('is settled once only', async () => {
        const first = entry({ key: 'a' })
        await ledger.open(first)
        await ledger.settle(first, keep('one'))
        expect(await ledger.settle(first, keep('two'))).toBe(false)
        expect(await ledger.open(entry({ key: 'a' }))).toMatchObject({
          kind: 'replay',
          answer: answer('one'),
        })
      })
    })

    describe('rates', () => {
      const slow = { tenantPerMinute: 3, accountPerMinute: 6000 }

      it('admits a full bucket at once, then refuses with the time to the next token', async () => {
        for (let i = 0; i < 3; i += 1) expect(await kindOf(ledger.open(entry({ charge: slow })))).toBe('go')
        expect(await ledger.open(entry({ charge: slow }))).toMatchObject({
          kind: 'refused',
          by: 'rate',
          retryAfterMs: 20_000,
          resumed: false,
        })
        await harness.advance(19_999)
        expect(await kindOf(ledger.open(entry({ charge: slow })))).toBe('refused')
        await harness.advance(1)
        expect(await kindOf(ledger.open(entry({ charge: slow })))).toBe('go')
        expect(await kindOf(ledger.open(entry({ charge: slow })))).toBe('refused')
      })

      it('tells what is left and when the bucket is full again', async () => {
        const opened = await ledger.open(entry({ charge: slow }))
        expect('standings' in opened && opened.standings).toEqual({
          class: 'write',
          at: harness.now(),
          bucket: { limit: 3, remaining: 2, fullAt: harness.now() + 20_000 },
        })
      })

      it('keeps reads and writes apart', async () => {
        for (let i = 0; i < 3; i += 1) await ledger.open(entry({ charge: slow }))
        expect(await kindOf(ledger.open(entry({ charge: { ...slow, class: 'read' } })))).toBe('go')
      })

      it('shares the bucket of an account among its tenants and names it when it is the one that is empty', async () => {
        const charge = { tenantPerMinute: 100, accountPerMinute: 2 }
        await ledger.open(entry({ charge, tenant: 'billing' }))
        await ledger.open(entry({ charge, tenant: 'crm' }))
        expect(await ledger.open(entry({ charge, tenant: 'billing' }))).toMatchObject({
          kind: 'refused',
          by: 'account_rate',
          retryAfterMs: 30_000,
        })
        expect(await kindOf(ledger.open(entry({ charge, tenant: 'ops', account: 'other' })))).toBe('go')
      })

      it('names the tenant’s own limit when both are used up', async () => {
        const charge = { tenantPerMinute: 1, accountPerMinute: 1 }
        await ledger.open(entry({ charge }))
        expect(await ledger.open(entry({ charge }))).toMatchObject({ kind: 'refused', by: 'rate' })
      })

      it('charges all or nothing: a refusal by one limit leaves the others as they were', async () => {
        const charge = { tenantPerMinute: 5, accountPerMinute: 1 }
        await ledger.open(entry({ charge }))
        for (let i = 0; i < 3; i += 1) await ledger.open(entry({ charge }))
        const { bucket } = await ledger.standings(entry({ charge }))
        expect(bucket.remaining).toBe(4)
      })

      it('charges nothing for replays, mismatches and waiters', async () => {
        const first = entry({ key: 'a', charge: slow })
        await ledger.open(first)
        await ledger.open(entry({ key: 'a', charge: slow }))
        await ledger.open(entry({ key: 'a', charge: slow, fingerprint: 'v1:other' }))
        await ledger.settle(first, keep('one'))
        await ledger.open(entry({ key: 'a', charge: slow }))
        expect((await ledger.standings(entry({ charge: slow }))).bucket.remaining).toBe(2)
      })

      it('burns no key by a refusal', async () => {
        for (let i = 0; i < 3; i += 1) await ledger.open(entry({ charge: slow }))
        expect(await kindOf(ledger.open(entry({ key: 'a', charge: slow })))).toBe('refused')
        await harness.advance(20_000)
        expect(await ledger.open(entry({ key: 'a', charge: slow, fingerprint: 'v1:other' }))).toMatchObject({
          kind: 'go',
          resumed: false,
        })
      })

      it('says so when the refused key has an earlier attempt of unknown outcome', async () => {
        const first = entry({ key: 'a', charge: slow })
        await ledger.open(first)
        await ledger.settle(first, unknown())
        for (let i = 0; i < 2; i += 1) await ledger.open(entry({ charge: slow }))
        expect(await ledger.open(entry({ key: 'a', charge: slow }))).toMatchObject({
          kind: 'refused',
          resumed: true,
        })
      })

      it('gives tokens back, to the tenant and to the account, never above capacity', async () => {
        const charge = { tenantPerMinute: 2, accountPerMinute: 2 }
        const first = entry({ charge })
        await ledger.open(first)
        await ledger.settle(first, notSent())
        expect((await ledger.standings(entry({ charge }))).bucket.remaining).toBe(2)
        for (let i = 0; i < 2; i += 1) expect(await kindOf(ledger.open(entry({ charge })))).toBe('go')
        const late = entry({ charge })
        await harness.advance(60_000)
        await ledger.open(late)
        await harness.advance(60_000)
        await ledger.settle(late, notSent())
        expect((await ledger.standings(entry({ charge }))).bucket).toMatchObject({ limit: 2, remaining: 2 })
      })

      it('follows a limit that was changed', async () => {
        await ledger.open(entry({ charge: { tenantPerMinute: 10 } }))
        expect((await ledger.standings(entry({ charge: { tenantPerMinute: 4 } }))).bucket.remaining).toBe(4)
      })
    })

    describe('tokens that the upstream counts for the account', () => {
      const charge = { tenantPerMinute: 100, accountPerMinute: 6 }
      /** How many of ten requests are admitted at once. */
      const admitted = async (more: Partial<Charge> = {}) => {
        let count = 0
        for (let i = 0; i < 10; i += 1) {
          const opened = await ledger.open(entry({ charge: { ...charge, ...more }, tenant: 'crm' }))
          if (opened.kind === 'go') count += 1
          else expect(opened).toMatchObject({ kind: 'refused', by: 'account_rate' })
        }
        return count
      }

      it.each([
        [4, 4],
        [1, 1],
        [0, 0],
        [5, 5],
        [100, 5],
      ])('lower its bucket to %i, and never raise it: %i are left', async (left, expected) => {
        const first = entry({ charge })
        await ledger.open(first)
        expect(await ledger.settle(first, leaves(left))).toBe(true)
        expect(await admitted()).toBe(expected)
      })

      it('are held against the bucket after charges came back', async () => {
        const first = entry({ key: 'a', charge })
        await ledger.open(first)
        await ledger.settle(first, { ...notSent(), accountTokensLeft: 3 })
        expect(await admitted()).toBe(3)
        await harness.advance(60_000)
        const second = entry({ key: 'a', charge })
        await ledger.open(second)
        await ledger.settle(second, { ...notSent(), accountTokensLeft: 6 })
        expect(await admitted()).toBe(6)
      })

      it('leave the tenant’s own bucket and the other class alone', async () => {
        const first = entry({ charge })
        await ledger.open(first)
        await ledger.settle(first, leaves(0))
        expect((await ledger.standings(entry({ charge }))).bucket.remaining).toBe(99)
        expect(await admitted({ class: 'read' })).toBe(6)
      })

      it('come back at the account’s rate', async () => {
        const first = entry({ charge })
        await ledger.open(first)
        await ledger.settle(first, leaves(0))
        await harness.advance(20_000)
        expect(await admitted()).toBe(2)
      })

      it('count for nothing when the lease was lost', async () => {
        const first = entry({ charge })
        await ledger.open(first)
        await ledger.settle(first, keep('one'))
        expect(await ledger.settle(first, leaves(0))).toBe(false)
        const keyed = entry({ key: 'a', charge })
        await ledger.open(keyed)
        await harness.advance(LEASE_MS)
        await ledger.open(entry({ key: 'a', charge }))
        expect(await ledger.settle(keyed, leaves(0))).toBe(false)
        expect(await admitted()).toBeGreaterThan(0)
      })
    })

    describe('the share of a tenant', () => {
      /** Eight a minute for two tenants: four each, two at once, and four that borrowers leave. */
      const limits = { tenantPerMinute: 100, accountPerMinute: 8, share: { weight: 1, of: 2 } }
      const ask = (tenant: string, more: Partial<Charge> = {}) =>
        ledger.open(entry({ tenant, charge: { ...limits, ...more } }))
      const admitted = async (tenant: string, times: number, more: Partial<Charge> = {}) => {
        let count = 0
        for (let i = 0; i < times; i += 1) if ((await kindOf(ask(tenant, more))) === 'go') count += 1
        return count
      }
      /** One tenant has taken all that there was, and the other has been refused. */
      const contend = async () => {
        expect(await admitted('greedy', 10)).toBe(8)
        expect(await ask('polite')).toMatchObject({ kind: 'refused', by: 'account_rate', retryAfterMs: 7500 })
      }

      it('is lent to a tenant that comes first: it may use the whole burst, and all that flows in', async () => {
        expect(await admitted('greedy', 10)).toBe(8)
        await harness.advance(30_000)
        expect(await admitted('greedy', 10)).toBe(4)
      })

      it('is there for its tenant from its first refusal on, and others borrow above the reserve', async () => {
        await contend()
        await harness.advance(7500)
        // Half a token of its own share, and one in the account.
        expect(await ask('greedy')).toMatchObject({ kind: 'refused', by: 'account_rate', retryAfterMs: 7500 })
        expect(await kindOf(ask('polite'))).toBe('go')
        await harness.advance(7500)
        expect(await admitted('greedy', 10), 'its own share').toBe(1)
        await harness.advance(60_000)
        // Eight tokens: two of its own, then down to the reserve.
        expect(await admitted('greedy', 10)).toBe(4)
        expect(await admitted('polite', 10)).toBe(2)
      })

      it('tells a borrower when it will be let go', async () => {
        await contend()
        for (let turn = 0; turn < 3; turn += 1) {
          const refused = await ask('greedy')
          expect(refused).toMatchObject({ kind: 'refused', by: 'account_rate' })
          const waitMs = refused.kind === 'refused' ? refused.retryAfterMs : 0
          await harness.advance(waitMs - 1)
          expect(await kindOf(ask('greedy'))).toBe('refused')
          await harness.advance(1)
          expect(await kindOf(ask('greedy'))).toBe('go')
        }
      })

      it('is forgotten when nobody has asked for it in ten minutes', async () => {
        await contend()
        await harness.advance(599_999)
        expect(await admitted('greedy', 10)).toBe(4)
        await harness.advance(1)
        expect(await admitted('greedy', 10)).toBe(4)
      })

      it('is not contended for by one who is refused by its own limits, nor by one who borrows', async () => {
        expect(await kindOf(ask('polite', { tenantPerMinute: 1 }))).toBe('go')
        expect(await admitted('greedy', 10)).toBe(7)
        expect(await ask('polite', { tenantPerMinute: 1 })).toMatchObject({ by: 'rate' })
        await harness.advance(60_000)
        expect(await admitted('greedy', 10)).toBe(8)
      })

      it('is not contended for when the account was full since another has borrowed', async () => {
        expect(await admitted('greedy', 10)).toBe(8)
        await harness.advance(60_000)
        const one = entry({ tenant: 'polite', charge: limits })
        await ledger.open(one)
        await ledger.settle(one, leaves(0))
        expect(await ask('polite')).toMatchObject({ kind: 'refused', by: 'account_rate' })
        await harness.advance(60_000)
        expect(await admitted('greedy', 10)).toBe(8)
      })

      it('does not come back with the charges', async () => {
        await contend()
        await harness.advance(60_000)
        for (let turn = 0; turn < 2; turn += 1) {
          const one = entry({ tenant: 'greedy', charge: limits })
          expect(await kindOf(ledger.open(one))).toBe('go')
          await ledger.settle(one, notSent())
        }
        // The account is full again; the share is spent, so the reserve holds.
        expect(await admitted('greedy', 10)).toBe(4)
      })

      it('is the whole account for a tenant that is alone in it', async () => {
        const alone = { share: { weight: 2, of: 2 } }
        await contend()
        await harness.advance(60_000)
        expect(await admitted('greedy', 10, alone)).toBe(8)
      })

      it('is counted for reads and for writes apart', async () => {
        await contend()
        expect(await admitted('greedy', 10, { class: 'read' })).toBe(8)
      })

      it('follows the weights', async () => {
        const heavy = { accountPerMinute: 80, share: { weight: 3, of: 4 } }
        const light = { accountPerMinute: 80, share: { weight: 1, of: 4 } }
        expect(await admitted('light', 100, light)).toBe(80)
        expect(await kindOf(ask('heavy', heavy))).toBe('refused')
        await harness.advance(15_000)
        // 20 have flowed in: 5 for one, 15 for the other.
        expect(await admitted('light', 100, light)).toBe(5)
        expect(await admitted('heavy', 100, heavy)).toBe(15)
      })
    })

    describe('day and month quotas', () => {
      const capped = (perDay?: number, perMonth?: number): Partial<Charge> => ({
        message: { ...(perDay !== undefined && { perDay }), ...(perMonth !== undefined && { perMonth }) },
      })

      it('refuses past the day’s quota until the next UTC midnight', async () => {
        for (let i = 0; i < 2; i += 1) await ledger.open(entry({ charge: capped(2) }))
        const refused = await ledger.open(entry({ charge: capped(2) }))
        const midnight = Math.ceil(harness.now() / 86_400_000) * 86_400_000
        expect(refused).toMatchObject({
          kind: 'refused',
          by: 'quota',
          retryAfterMs: midnight - harness.now(),
        })
        await harness.advance(midnight - harness.now() - 1)
        expect(await kindOf(ledger.open(entry({ charge: capped(2) })))).toBe('refused')
        await harness.advance(1)
        expect(await kindOf(ledger.open(entry({ charge: capped(2) })))).toBe('go')
      })

      it('refuses past the month’s quota until the first of the next month, UTC', async () => {
        await ledger.open(entry({ charge: capped(undefined, 1) }))
        const date = new Date(harness.now())
        const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
        expect(await ledger.open(entry({ charge: capped(undefined, 1) }))).toMatchObject({
          by: 'quota',
          retryAfterMs: next - harness.now(),
        })
        await harness.advance(next - harness.now())
        expect(await kindOf(ledger.open(entry({ charge: capped(undefined, 1) })))).toBe('go')
      })

      it('tells what is left of both', async () => {
        const opened = await ledger.open(entry({ charge: capped(5, 9) }))
        expect('standings' in opened && opened.standings).toMatchObject({
          day: { limit: 5, remaining: 4 },
          month: { limit: 9, remaining: 8 },
        })
      })

      it('does not count what is no message', async () => {
        for (let i = 0; i < 3; i += 1) expect(await kindOf(ledger.open(entry()))).toBe('go')
        expect((await ledger.standings(entry({ charge: capped(2) }))).day?.remaining).toBe(2)
      })

      it('counts messages also while no limit is set, so that a new limit holds at once', async () => {
        for (let i = 0; i < 3; i += 1) await ledger.open(entry({ charge: capped() }))
        expect((await ledger.standings(entry({ charge: capped(10) }))).day?.remaining).toBe(7)
      })

      it('gives a message back that was not sent or refused for good', async () => {
        const charge = capped(5, 5)
        for (const [key, outcome] of [
          ['a', notSent()],
          ['b', refusedUpstream()],
        ] as const) {
          const one = entry({ key, charge })
          await ledger.open(one)
          await ledger.settle(one, outcome)
        }
        expect(await ledger.standings(entry({ charge }))).toMatchObject({
          day: { remaining: 5 },
          month: { remaining: 5 },
        })
      })

      it('counts a message once, however often it is resumed, and gives it back once', async () => {
        const charge = capped(5)
        const left = async () => (await ledger.standings(entry({ charge }))).day?.remaining
        for (const outcome of [unknown(), unknown(), notSent()]) {
          const attempt = entry({ key: 'a', charge })
          await ledger.open(attempt)
          await ledger.settle(attempt, outcome)
          expect(await left()).toBe(4)
        }
        const last = entry({ key: 'a', charge })
        await ledger.open(last)
        await ledger.settle(last, refusedUpstream())
        expect(await left()).toBe(5)
      })

      it('gives nothing back to a day in which the message was not counted', async () => {
        const charge = capped(5)
        const late = entry({ charge })
        const midnight = Math.ceil(harness.now() / 86_400_000) * 86_400_000
        await harness.advance(midnight - harness.now() - 1000)
        await ledger.open(late)
        await harness.advance(2000)
        await ledger.open(entry({ charge }))
        await ledger.settle(late, notSent())
        expect((await ledger.standings(entry({ charge }))).day?.remaining).toBe(4)
      })
    })

    describe('concurrency', () => {
      it('refuses one request more than may be under way, until one has finished', async () => {
        const charge = { maxConcurrent: 2 }
        const first = entry({ charge })
        await ledger.open(first)
        await ledger.open(entry({ charge }))
        expect(await ledger.open(entry({ charge }))).toMatchObject({ kind: 'refused', by: 'concurrency' })
        expect(await kindOf(ledger.open(entry({ charge, tenant: 'crm' })))).toBe('go')
        await ledger.settle(first, keep('one'))
        expect(await kindOf(ledger.open(entry({ charge })))).toBe('go')
      })

      it('does not count waiters', async () => {
        const charge = { maxConcurrent: 1 }
        const first = entry({ key: 'a', charge })
        await ledger.open(first)
        const waiting = ledger.open(entry({ key: 'a', charge, waitMs: WAIT_MS }))
        await ledger.settle(first, keep('one'))
        expect(await kindOf(waiting)).toBe('replay')
      })

      it('takes a lease that has ended for a request that has ended', async () => {
        const charge = { maxConcurrent: 1 }
        await ledger.open(entry({ charge }))
        await harness.advance(LEASE_MS)
        expect(await kindOf(ledger.open(entry({ charge })))).toBe('go')
      })
    })
  })
}

type Step =
  | { readonly do: 'open'; readonly key: number; readonly print: number }
  | { readonly do: 'settle'; readonly which: number; readonly how: number }
  | { readonly do: 'advance'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('open' as const), key: fc.nat(4), print: fc.nat(6) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(30), how: fc.nat(3) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.oneof(fc.nat(3000), fc.constantFrom(LEASE_MS, RETENTION_MS / 3, RETENTION_MS)),
    }),
  },
)

const outcomes = [keep, unknown, notSent, refusedUpstream] as const

/** Laws that hold in every history. Run by each adapter; `runs` bounds the cost on slow ones. */
export function ledgerLaws(name: string, make: () => Promise<LedgerHarness>, runs: number): void {
  const limits = { tenantPerMinute: 20, accountPerMinute: 30, maxConcurrent: 8, message: { perDay: 500 } }

  it(`${name} keeps its laws in random histories`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (history) => {
        const harness = await make()
        const { ledger } = harness
        const opened: { entry: LedgerEntry; key: number }[] = []
        const owner = new Map<number, { id: string; leaseEndsAt: number }>()
        const kept = new Map<number, { text: string; until: number }>()
        const firstSent = new Map<number, number>()
        const began = harness.now()
        let admitted = 0
        let returned = 0
        try {
          for (const [turn, one] of history.entries()) {
            if (one.do === 'advance') {
              await harness.advance(one.ms)
            } else if (one.do === 'open') {
              // Mostly the key's own fingerprint, sometimes another.
              const wish = entry({
                key: `k${one.key}`,
                fingerprint: one.print === 0 ? 'v1:other' : 'v1:print',
                charge: limits,
              })
              const result = await ledger.open(wish)
              const now = harness.now()
              if (result.kind === 'go') {
                const holder = owner.get(one.key)
                expect(holder === undefined || holder.leaseEndsAt <= now, 'one owner at a time').toBe(true)
                const keptOne = kept.get(one.key)
                expect(keptOne === undefined || keptOne.until <= now, 'kept answers are not sent again').toBe(
                  true,
                )
                if (!result.resumed) firstSent.set(one.key, now)
                owner.set(one.key, { id: wish.owner, leaseEndsAt: now + LEASE_MS })
                opened.push({ entry: wish, key: one.key })
                admitted += 1
              }
              if (result.kind === 'replay') expect(result.answer.body).toBe(kept.get(one.key)?.text)
              if (result.kind === 'refused') expect(result.retryAfterMs).toBeGreaterThan(0)
              if ('standings' in result) {
                const { bucket, day } = result.standings
                expect(bucket.remaining).toBeGreaterThanOrEqual(0)
                expect(bucket.remaining).toBeLessThanOrEqual(limits.tenantPerMinute)
                expect(bucket.fullAt).toBeGreaterThanOrEqual(now)
                expect(day?.remaining).toBeGreaterThanOrEqual(0)
              }
            } else if (opened.length > 0) {
              const [attempt] = opened.splice(one.which % opened.length, 1)
              const outcome = outcomes[one.how % outcomes.length]?.(`turn ${turn}`)
              if (attempt === undefined || outcome === undefined) continue
              const done = await ledger.settle(attempt.entry, outcome)
              const holds = owner.get(attempt.key)?.id === attempt.entry.owner
              const until = (firstSent.get(attempt.key) ?? 0) + RETENTION_MS
              // A ledger may have dropped a record whose day is over; before that it must know its owner.
              if (!holds || harness.now() < until) expect(done, 'only the owner settles').toBe(holds)
              if (!done) continue
              owner.delete(attempt.key)
              if (outcome.giveBack) returned += 1
              if (outcome.settlement === 'keep') kept.set(attempt.key, { text: outcome.answer.body, until })
            }
          }
          const elapsed = harness.now() - began
          const ceiling = limits.tenantPerMinute * (1 + elapsed / 60_000)
          expect(admitted - returned, 'never more than capacity and refill').toBeLessThanOrEqual(ceiling)
          await harness.advance(60_000)
          const rested = await ledger.standings(entry({ charge: limits }))
          expect(rested.bucket.remaining, 'an idle minute fills the bucket').toBe(limits.tenantPerMinute)
        } finally {
          await harness.close()
        }
      }),
      { numRuns: runs },
    )
  })

  it(`${name} balances its books: what is used is what was admitted less what came back`, async () => {
    const free = { tenantPerMinute: 100_000, accountPerMinute: 100_000, maxConcurrent: 1000 }
    const moves = fc.array(fc.record({ open: fc.boolean(), how: fc.nat(2), keyed: fc.boolean() }), {
      maxLength: 80,
    })
    await fc.assert(
      fc.asyncProperty(moves, async (history) => {
        const harness = await make()
        const { ledger } = harness
        const charge: Partial<Charge> = { ...free, message: { perDay: 1000, perMonth: 1000 } }
        const underWay: LedgerEntry[] = []
        let used = 0
        let keys = 0
        try {
          for (const move of history) {
            if (move.open || underWay.length === 0) {
              const wish = entry({ charge, ...(move.keyed && { key: `k${++keys}` }) })
              if ((await ledger.open(wish)).kind === 'go') used += 1
              underWay.push(wish)
            } else {
              const one = underWay.shift()
              const outcome = [keep('x'), unknown(), notSent()][move.how]
              if (one === undefined || outcome === undefined) continue
              expect(await ledger.settle(one, outcome)).toBe(true)
              if (outcome.giveBack) used -= 1
            }
            const standing = await ledger.standings(entry({ charge }))
            expect(standing.day?.remaining).toBe(1000 - used)
            expect(standing.month?.remaining).toBe(1000 - used)
            expect(standing.bucket.remaining).toBe(100_000 - used)
          }
        } finally {
          await harness.close()
        }
      }),
      { numRuns: runs },
    )
  })
}
