import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import type { UpstreamCall, UpstreamResult } from '../../src/domain/upstream.ts'
import type { UpstreamTransport } from '../../src/ports.ts'
import { type RunningSandbox, type ServeSandboxOptions, serveSandbox } from '../../src/sandbox/serve.ts'
import { createTurn } from '../../src/system/turn.ts'
import { stackUpstream } from '../../src/upstream/stack.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import { createHttp1Transport, type Http1Transport } from '../../src/upstream/transport-http1.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import { createFastClock } from './fast-clock.ts'
import { entropyOf } from './layers.ts'

const TOKEN = 'kdv_live_CANARY_sandbox_aaaaaaaaa'
const NEXT_TOKEN = 'kdv_live_CANARY_sandbox_bbbbbbbbb'
const number = '106540352242922'

/** Ten seconds pass in one. */
const clock = createFastClock(10)

let keys = 0
function message(to: string, more: Partial<UpstreamCall> = {}): UpstreamCall {
  const idempotencyKey = `key-${++keys}`
  const text = { messaging_product: 'whatsapp', to, type: 'text', text: { body: 'Hello' } }
  return {
    method: 'POST',
    path: `/${number}/messages`,
    account: 'acme',
    token: new Secret(TOKEN),
    requestId: `req_${idempotencyKey}`,
    idempotencyKey,
    body: JSON.stringify(text),
    ...more,
  }
}

describe('the layers over sockets to the sandbox', () => {
  let sandbox: RunningSandbox
  let pool: Http1Transport
  let telemetry: Recorder
  let send: UpstreamTransport
  const start = async (options: ServeSandboxOptions = {}, maxRetries = 2) => {
    sandbox = await serveSandbox({
      organisations: [{ tokens: [TOKEN], phoneNumberIds: [number] }],
      now: clock.now,
      ...options,
    })
    pool = createHttp1Transport(sandbox.baseUrl, clock, createTurn)
    telemetry = createRecorder()
    const state = createUpstreamState()
    send = stackUpstream(pool.send, { clock, telemetry, state, entropy: entropyOf(0.5) }, { maxRetries })
  }
  beforeEach(() => start())
  afterEach(async () => {
    await sandbox.close()
    await pool.close()
  })

  const statusOf = (result: UpstreamResult) => (result.kind === 'answered' ? result.status : result.reason)
  /** What came of a message, how many calls it took and how often it was sent. */
  const sent = async (to: string, more: Partial<UpstreamCall> = {}) => {
    const call = message(to, more)
    const result = await send(call, clock.now() + 35_000)
    const { received = 0, sent = 0 } = sandbox.stats().byKey[call.idempotencyKey ?? ''] ?? {}
    const attempts = telemetry.of('upstream').filter(({ requestId }) => requestId === call.requestId)
    expect(attempts).toHaveLength(received)
    return { status: statusOf(result), received, sent }
  }

  it.each<[to: string, what: string, status: number | string, received: number, sent: number]>([
    ['+9990503002', '503 twice', 200, 3, 1],
    ['+9990503003', '503 three times', 503, 3, 0],
    ['+9990502001', '502 once', 200, 2, 1],
    ['+9990504001', '504 once', 200, 2, 1],
    ['+9990503011', '503 with Retry-After', 200, 2, 1],
    ['+9990429001', '429 with Retry-After', 200, 2, 1],
    ['+9990429011', '429 until a date', 200, 2, 1],
    ['+9990429021', '429 without a time', 200, 2, 1],
    ['+999042903', '429 for an hour', 429, 1, 0],
    ['+9990000011', 'a reset before it was processed', 200, 2, 1],
    ['+999000011', 'a reset after it was accepted', 200, 2, 1],
    ['+999000013', 'a close after it was accepted', 200, 2, 1],
    ['+999000015', 'bytes that are no HTTP, after it was accepted', 200, 2, 1],
    ['+999050209', 'a 502 after it was accepted', 200, 2, 1],
    ['+999000012', 'no answer after it was accepted', 200, 2, 1],
    ['+9990000021', 'no answer, and not processed', 200, 2, 1],
    ['+9990409012', 'still running, twice', 200, 3, 1],
    ['+9991130429', 'throttling of the number', 400, 3, 0],
    ['+999050000', '500', 500, 1, 0],
    ['+999040000', '400', 400, 1, 0],
    ['+999040100', '401', 401, 1, 0],
    ['+999040300', '403', 403, 1, 0],
    ['+999042201', '422', 422, 1, 0],
    ['+9992131047', 'a permanent refusal hidden in a 502', 502, 1, 0],
    ['+999000014', 'a 200 that broke off', 200, 1, 1],
  ])('%s: %s', async (to, _, status, received, times) => {
    expect(await sent(to)).toEqual({ status, received, sent: times })
    expect(sandbox.stats().duplicates).toBe(0)
  })

  it('give the true answer of a message whose first answer was lost', async () => {
    const call = message('+999000011')
    const result = await send(call, clock.now() + 35_000)
    expect(result).toMatchObject({ status: 200, headers: { replayed: 'true' } })
  })

  it('try nothing again without retries', async () => {
    await sandbox.close()
    await pool.close()
    await start({}, 0)
    expect(await sent('+9990503001')).toEqual({ status: 503, received: 1, sent: 0 })
  })

  it('hold the account back while its bucket at the upstream is empty, and lose nothing', async () => {
    await sandbox.close()
    await pool.close()
    await start({ writePerMinute: 5 })
    const results = await Promise.all(
      Array.from({ length: 40 }, () => send(message('+14155550123'), clock.now() + 35_000)),
    )
    // All were under way at once. Those that were refused came again when the upstream had said, ten at most.
    const through = results.filter((result) => statusOf(result) === 200).length
    expect(through).toBeGreaterThanOrEqual(5)
    expect(sandbox.stats().messagesSent).toBe(through)
    const { requests } = sandbox.stats()
    expect(requests).toBeLessThanOrEqual(50)

    // Too short for `Retry-After`: the refusal is given as it is, and the account waits for 12 s.
    await vi.waitFor(async () => {
      const refused = await send(message('+14155550123'), clock.now() + 2000)
      expect([429, 'account_paused']).toContain(statusOf(refused))
    })
    const before = sandbox.stats().requests
    const turnedAway = await Promise.all(
      Array.from({ length: 40 }, () => send(message('+14155550123'), clock.now() + 35_000)),
    )
    expect(new Set(turnedAway.map(statusOf))).toContain('account_paused')
    expect(sandbox.stats().requests - before).toBeLessThan(40)
  })

  it('leave the account alone when only one recipient gets too much', async () => {
    const pair = sent('+9991131056')
    const others = await Promise.all([1, 2, 3].map(() => sent('+14155550123')))
    expect(others).toEqual(Array(3).fill({ status: 200, received: 1, sent: 1 }))
    expect(await pair).toMatchObject({ sent: 0 })
    expect(telemetry.of('account_paused')).toEqual([])
  })

  it('change to the next token under load without a failed request', async () => {
    await sandbox.close()
    await pool.close()
    await start({ organisations: [{ tokens: [NEXT_TOKEN], phoneNumberIds: [number] }] })
    const tokens = { token: new Secret(TOKEN), nextToken: new Secret(NEXT_TOKEN) }
    const results = await Promise.all(
      Array.from({ length: 50 }, () => send(message('+14155550123', tokens), clock.now() + 35_000)),
    )
    expect(new Set(results.map(statusOf))).toEqual(new Set([200]))
    expect(telemetry.of('token_refused')).toMatchObject([{ account: 'acme', which: 'token' }])
    const { requests } = sandbox.stats()
    await send(message('+14155550123', tokens), clock.now() + 35_000)
    expect(sandbox.stats().requests).toBe(requests + 1)
    expect(JSON.stringify(telemetry.events)).not.toContain('CANARY')
  })

  it('open on an upstream that is gone and close when it is back', async () => {
    const { port } = sandbox
    await sandbox.close()
    for (let i = 0; i < 20; i += 1) {
      expect(statusOf(await send(message('+14155550123'), clock.now() + 35_000))).toBe('cannot_connect')
    }
    expect(telemetry.of('breaker')).toMatchObject([{ state: 'open' }])
    const attempts = telemetry.of('upstream').length
    expect(statusOf(await send(message('+14155550123'), clock.now() + 35_000))).toBe('breaker_open')
    expect(telemetry.of('upstream')).toHaveLength(attempts)

    sandbox = await serveSandbox({
      port,
      organisations: [{ tokens: [TOKEN], phoneNumberIds: [number] }],
    })
    await clock.sleep(2000)
    for (let i = 0; i < 3; i += 1) {
      expect(statusOf(await send(message('+14155550123'), clock.now() + 35_000))).toBe(200)
    }
    expect(telemetry.of('breaker').map(({ state }) => state)).toEqual(['open', 'half_open', 'closed'])
  })
})
