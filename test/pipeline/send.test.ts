import { describe, expect, it } from 'vitest'
import { Secret, type Tenant } from '../../src/domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../../src/domain/upstream.ts'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import { leaseMs } from '../../src/pipeline/exchange.ts'
import { type SendPorts, type Submission, send } from '../../src/pipeline/send.ts'
import type { Ledger, LedgerEntry } from '../../src/ports.ts'
import { createNodeDigest } from '../../src/system/digest-node.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'

const TIMEOUT_MS = 35_000

const tenant: Tenant = {
  id: 'billing',
  account: {
    id: 'acme',
    token: new Secret('kdv_live_CANARY'),
    writePerMinute: 600,
    readPerMinute: 600,
    weights: 4,
  },
  phoneNumberIds: '*',
  quotas: { writePerMinute: 60, readPerMinute: 600, messagesPerDay: 100, maxConcurrent: 64 },
  weight: 1,
  suspended: false,
}

const accepted: UpstreamResult = {
  kind: 'answered',
  status: 200,
  headers: { requestId: 'req_upstream' },
  body: '{"data":{"id":"msg_1"},"request_id":"req_upstream"}',
}
const timedOut: UpstreamResult = { kind: 'unknown', reason: 'deadline' }
const notConnected: UpstreamResult = { kind: 'not_sent', reason: 'cannot_connect' }
const answered = (status: number, body = ''): UpstreamResult => ({
  kind: 'answered',
  status,
  headers: {},
  body,
})

let requests = 0

/** A pipeline over a real memory ledger, whose upstream answers what the test says. */
function rig(replace: Partial<SendPorts> = {}) {
  const clock = createFakeClock()
  const telemetry = createRecorder()
  const calls: { call: UpstreamCall; deadline: number; answer: (result: UpstreamResult) => void }[] = []
  const ports: SendPorts = {
    clock,
    telemetry,
    ledger: createMemoryLedger({ clock, telemetry, maxSettled: 1000 }),
    digest: createNodeDigest(new Uint8Array(32)),
    timeoutMs: TIMEOUT_MS,
    replyButtonsAs: 'reply_buttons',
    transport: (call, deadline) =>
      new Promise((resolve) => {
        calls.push({ call, deadline, answer: resolve })
      }),
    ...replace,
  }
  const post = async (wish: Partial<Submission> = {}) =>
    send(ports, {
      requestId: `req_${++requests}`,
      credential: { tenant, key: { id: 'key_ci' } },
      phoneNumberId: '106540352242922',
      message: { kind: 'send', body: { type: 'text', to: '+14155550123', text: { body: 'Hi' } } },
      ...wish,
    })
  /** Sends and answers the upstream call that comes of it. */
  const exchange = async (result: UpstreamResult, wish?: Partial<Submission>) => {
    const reply = post(wish)
    await settle()
    calls.at(-1)?.answer(result)
    return reply
  }
  return { clock, telemetry, calls, ports, post, exchange }
}

/** A ledger whose verb fails as a store that is out of reach. */
const broken = (ledger: Ledger, verb: 'open' | 'settle'): Ledger => ({
  ...ledger,
  [verb]: () => Promise.reject(new Error('out of reach')),
})

describe('a send', () => {
  it('calls upstream with the canonical body, the account’s token and the deadline', async () => {
    const { clock, calls, exchange } = rig()
    await exchange(accepted, { clientKey: 'k' })
    expect(calls).toHaveLength(1)
    expect(calls[0]?.deadline).toBe(clock.now() + TIMEOUT_MS)
    expect(calls[0]?.call).toMatchObject({
      method: 'POST',
      path: '/106540352242922/messages',
      account: 'acme',
      body: '{"text":{"body":"Hi"},"to":"+14155550123","type":"text"}',
      idempotencyKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(calls[0]?.call.token.reveal()).toBe('kdv_live_CANARY')
  })

  it('tells the ledger its share of the account, its body, and what the upstream has left', async () => {
    const told: unknown[] = []
    const { ports } = rig()
    const { exchange } = rig({
      ledger: {
        ...ports.ledger,
        open(entry) {
          told.push(entry.charge.share, entry.slot?.body)
          return ports.ledger.open(entry)
        },
        settle(entry, outcome) {
          told.push(outcome.accountTokensLeft)
          return ports.ledger.settle(entry, outcome)
        },
      },
    })
    await exchange({ ...accepted, headers: { tokensLeft: 17 } }, { clientKey: 'k' })
    expect(told).toEqual([
      { weight: 1, of: 4 },
      '{"text":{"body":"Hi"},"to":"+14155550123","type":"text"}',
      17,
    ])
  })

  it('shows no request id of the upstream that repeats the account’s token', async () => {
    const { exchange } = rig()
    const echo = { ...accepted, headers: { requestId: 'req-kdv_live_CANARY' } }
    expect((await exchange(echo)).answer.upstreamRequestId).toBeUndefined()
    expect((await exchange(accepted)).answer.upstreamRequestId).toBe('req_upstream')
  })

  it('derives the same upstream key for every attempt under one client key', async () => {
    const { calls, exchange } = rig()
    await exchange(timedOut, { clientKey: 'k' })
    await exchange(timedOut, { clientKey: 'k' })
    await exchange(accepted, { clientKey: 'other' })
    const keys = calls.map(({ call }) => call.idempotencyKey)
    expect(keys[0]).toBe(keys[1])
    expect(keys[2]).not.toBe(keys[0])
  })

  it('never gives a request without a key the derived key of any client key', async () => {
    const { calls, exchange } = rig()
    await exchange(accepted, { requestId: 'req_same' })
    await exchange(accepted, { clientKey: 'req_same' })
    expect(calls[0]?.call.idempotencyKey).not.toBe(calls[1]?.call.idempotencyKey)
  })

  it('holds a lease that outlives the upstream deadline', () => {
    expect(leaseMs(TIMEOUT_MS)).toBeGreaterThan(TIMEOUT_MS)
  })

  it('does not call the upstream for a duplicate that waits, and gives it the owner’s answer', async () => {
    const { clock, calls, post } = rig()
    const first = post({ clientKey: 'k' })
    await settle()
    const second = post({ clientKey: 'k' })
    await clock.advance(20_000)
    expect(calls).toHaveLength(1)
    calls[0]?.answer(accepted)
    const [one, two] = await Promise.all([first, second])
    expect(two).toMatchObject({ answer: one.answer, replayed: true })
    expect(one.replayed).toBe(false)
  })

  it('answers 409 to a duplicate after 30 seconds of waiting', async () => {
    const { clock, calls, post } = rig()
    void post({ clientKey: 'k' })
    await settle()
    const second = post({ clientKey: 'k' })
    await clock.advance(29_999)
    let done = false
    void second.then(() => {
      done = true
    })
    await settle()
    expect(done).toBe(false)
    await clock.advance(1)
    expect((await second).answer).toMatchObject({
      status: 409,
      code: 'idempotency_in_progress',
      outcome: 'unknown',
      retryAfterSeconds: 1,
    })
    expect(calls).toHaveLength(1)
  })

  it('resumes a key whose owner crashed, after its lease', async () => {
    const { clock, calls, post, exchange } = rig()
    void post({ clientKey: 'k' })
    await clock.advance(leaseMs(TIMEOUT_MS))
    expect((await exchange(accepted, { clientKey: 'k' })).answer.status).toBe(200)
    expect(calls).toHaveLength(2)
  })
})

describe('a retry after an unknown outcome', () => {
  it.each([
    ['cannot connect', notConnected],
    ['is refused for its token', answered(401)],
  ])('never claims that nothing was sent when it %s', async (_, result) => {
    const { exchange } = rig()
    await exchange(timedOut, { clientKey: 'k' })
    const { answer } = await exchange(result, { clientKey: 'k' })
    expect(answer).toMatchObject({ status: 502, code: 'upstream_outcome_unknown', outcome: 'unknown' })
    expect((await exchange(accepted, { clientKey: 'k' })).answer.status).toBe(200)
  })

  it('says so too when a limit holds it back', async () => {
    const { exchange, post } = rig()
    await exchange(timedOut, { clientKey: 'k' })
    for (let i = 0; i < 59; i += 1) await exchange(accepted)
    expect((await post({ clientKey: 'k' })).answer).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      outcome: 'unknown',
    })
  })
})

describe('when the ledger fails', () => {
  it('sends nothing and answers 503 when it cannot be opened, keyed or not', async () => {
    const { ports, calls, telemetry } = rig()
    const down = rig({ ledger: broken(ports.ledger, 'open'), telemetry })
    for (const wish of [{}, { clientKey: 'k' }]) {
      const { answer } = await down.post(wish)
      expect(answer).toMatchObject({ status: 503, code: 'service_unavailable', outcome: 'not_sent' })
    }
    expect(calls).toHaveLength(0)
    expect(down.calls).toHaveLength(0)
    expect(telemetry.of('ledger_failed').map(({ verb }) => verb)).toEqual(['open', 'open'])
  })

  it('lets a 2xx stand that it could not keep', async () => {
    const { ports, telemetry } = rig()
    const down = rig({ ledger: broken(ports.ledger, 'settle'), telemetry })
    const { answer, standings } = await down.exchange(accepted, { clientKey: 'k' })
    expect(answer.status).toBe(200)
    expect(standings?.bucket.remaining).toBe(59)
    expect(telemetry.of('ledger_failed')).toMatchObject([{ verb: 'settle' }])
  })

  it('refuses new keys when it has no room for them', async () => {
    const { clock, telemetry } = rig()
    const full = rig({ ledger: createMemoryLedger({ clock, telemetry, maxSettled: 10, maxLive: 0 }) })
    const { answer, replayed } = await full.post({ clientKey: 'k' })
    expect(answer).toMatchObject({ status: 503, outcome: 'not_sent', retryAfterSeconds: 1 })
    expect(replayed).toBe(false)
    expect((await full.exchange(accepted)).answer.status).toBe(200)
  })
})

describe('a late owner', () => {
  it('cannot replace the answer of its successor, and telemetry hears of it', async () => {
    const { clock, calls, telemetry, post, exchange } = rig()
    const late = post({ clientKey: 'k' })
    await clock.advance(leaseMs(TIMEOUT_MS))
    const { answer } = await exchange(accepted, { clientKey: 'k' })
    calls[0]?.answer(
      answered(400, '{"error":{"type":"invalid_request_error","code":"late","message":"late"}}'),
    )
    expect((await late).answer.status).toBe(400)
    expect(telemetry.of('lease_lost')).toHaveLength(1)
    expect((await post({ clientKey: 'k' })).answer).toEqual(answer)
  })
})

describe('charges', () => {
  const left = async ({ ports }: ReturnType<typeof rig>) => {
    const entry = { account: 'acme', tenant: 'billing' }
    const charge = {
      class: 'write',
      tenantPerMinute: 60,
      accountPerMinute: 600,
      maxConcurrent: 64,
      message: { perDay: 100 },
    } as const
    const { bucket, day } = await ports.ledger.standings({ ...entry, charge })
    return [bucket.remaining, day?.remaining]
  }

  it('are kept for what was sent or may have been', async () => {
    const one = rig()
    await one.exchange(accepted, { clientKey: 'a' })
    await one.exchange(timedOut, { clientKey: 'b' })
    await one.exchange(answered(500), { clientKey: 'c' })
    expect(await left(one)).toEqual([57, 97])
  })

  it.each([
    ['not connected', notConnected],
    ['refused for good', answered(422)],
    ['throttled upstream', answered(429)],
    ['refused for the token', answered(401)],
  ])('come back when the message was %s, and the headers say so at once', async (_, result) => {
    const one = rig()
    const { standings } = await one.exchange(result, { clientKey: 'a' })
    expect(await left(one)).toEqual([60, 100])
    expect(standings?.bucket.remaining).toBe(60)
  })

  it('count no message for a read receipt', async () => {
    const one = rig()
    const message = { kind: 'receipt', body: { status: 'read', message_id: 'wamid.x' } } as const
    await one.exchange(accepted, { message })
    expect(await left(one)).toEqual([59, 100])
  })
})

describe('a key that an earlier release has bound', () => {
  const standings = { class: 'write', at: 0, bucket: { limit: 60, remaining: 59, fullAt: 0 } } as const
  /** As an earlier release may have written it: members in another order, a field that is filled in now missing. */
  const earlierBody =
    '{"messaging_product":"whatsapp","to":"+14155550123","type":"text","text":{"body":"Hi"},"recipient_type":"individual"}'
  const body = JSON.parse(earlierBody)

  /** A ledger that knows the key under `v0:earlier` only, with an open outcome. */
  const boundByV0 = () => {
    const opened: LedgerEntry[] = []
    const settledUnder: (string | undefined)[] = []
    const ledger: Ledger = {
      open(entry) {
        opened.push(entry)
        return entry.slot?.fingerprint === 'v0:earlier'
          ? { kind: 'go', resumed: true, body: earlierBody, standings }
          : { kind: 'other_version', fingerprint: 'v0:earlier', body: earlierBody, standings }
      },
      settle(entry) {
        settledUnder.push(entry.slot?.fingerprint)
        return true
      },
      standings: () => standings,
      reachable: () => true,
    }
    return { ledger, opened, settledUnder }
  }

  it('is resumed by the same request with the very bytes that went out first', async () => {
    const { ledger, settledUnder } = boundByV0()
    const { calls, exchange } = rig({ ledger })
    const reply = await exchange(accepted, { clientKey: 'k', message: { kind: 'send', body } })
    expect(reply.answer.status).toBe(200)
    expect(calls.map(({ call }) => call.body)).toEqual([earlierBody])
    expect(settledUnder).toEqual(['v0:earlier'])
  })

  it('refuses another request and sends nothing', async () => {
    const { ledger, opened } = boundByV0()
    const { calls, post } = rig({ ledger })
    const other = { ...body, text: { body: 'Something else' } }
    const reply = await post({ clientKey: 'k', message: { kind: 'send', body: other } })
    expect(reply.answer).toMatchObject({ status: 422, code: 'idempotency_key_reuse', outcome: 'not_sent' })
    expect(reply.standings).toEqual(standings)
    expect(calls).toHaveLength(0)
    expect(opened).toHaveLength(1)
  })
})
