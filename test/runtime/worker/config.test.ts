import { createExecutionContext, env } from 'cloudflare:test'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { CONFIG_TTL_MS } from '../../../src/worker/config-source.ts'
import { createWorker } from '../../../src/worker/gateway.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { acmeNumber, CANARY, config, gatewaySecret, keyOf, secrets, text } from '../../support/fixture.ts'

/** A KV namespace that counts its reads and can be out of reach. */
const createKv = () => {
  const kv = {
    text: undefined as string | undefined,
    reads: 0,
    down: false,
    async get(): Promise<string | null> {
      kv.reads += 1
      if (kv.down) throw new Error('KV is out of reach')
      return kv.text ?? null
    },
  }
  return kv
}

let clock: FakeClock
let kv: ReturnType<typeof createKv>
let lines: string[]
let worker: ReturnType<typeof createWorker>
let kept: Promise<unknown>[]

const withKeys = (...tenants: string[]): string => {
  const full = config(`${inject('sandboxUrl')}/v1`)
  const chosen = Object.entries(full.tenants as object).filter(([id]) => tenants.includes(id))
  return JSON.stringify({ ...full, tenants: Object.fromEntries(chosen) })
}

beforeEach(() => {
  clock = createFakeClock(Date.now())
  kv = createKv()
  lines = []
  kept = []
  worker = createWorker(clock, (line) => lines.push(line))
})

const fetchAs = async (tenant: string, bindings: object = {}, init: RequestInit = {}): Promise<Response> => {
  const url = `https://gateway.example${init.method === 'POST' ? `/v1/${acmeNumber}/messages` : '/v1/me'}`
  const headers = { authorization: `Bearer ${keyOf(tenant)}`, 'content-type': 'application/json' }
  const request = new Request(url, { headers, ...init } as RequestInit<IncomingRequestCfProperties>)
  const context = createExecutionContext()
  context.waitUntil = (promise) => {
    kept.push(promise)
  }
  const all = { ...secrets, LEDGER: env.LEDGER, GATEWAY_SECRET: gatewaySecret, GATEWAY_KV: kv, ...bindings }
  const response = await worker.fetch?.(request, all as never, context)
  if (response === undefined) throw new Error('the worker has no fetch handler')
  return response
}

describe('a Worker with its config in KV', () => {
  it('reads it once and keeps it for the stated time', async () => {
    kv.text = withKeys('billing')
    for (let i = 0; i < 5; i += 1) expect((await fetchAs('billing')).status).toBe(200)
    expect(kv.reads).toBe(1)
    await clock.advance(CONFIG_TTL_MS)
    await fetchAs('billing')
    expect(kv.reads).toBe(2)
  })

  it('lets a revoked key in no longer than that', async () => {
    kv.text = withKeys('billing', 'crm')
    expect((await fetchAs('crm')).status).toBe(200)
    kv.text = withKeys('billing')
    await clock.advance(CONFIG_TTL_MS)
    expect((await fetchAs('crm')).status).toBe(401)
  })

  it('goes on with the last one while KV is out of reach', async () => {
    kv.text = withKeys('billing')
    await fetchAs('billing')
    kv.down = true
    await clock.advance(CONFIG_TTL_MS)
    expect((await fetchAs('billing')).status).toBe(200)
  })

  it('answers 503 while there has never been one, and recovers by itself', async () => {
    kv.down = true
    expect((await fetchAs('billing')).status).toBe(503)
    kv.down = false
    expect((await fetchAs('billing')).status).toBe(503)
    kv.text = withKeys('billing')
    await clock.advance(CONFIG_TTL_MS)
    expect((await fetchAs('billing')).status).toBe(200)
  })

  it('prefers the variable', async () => {
    kv.text = withKeys('crm')
    expect((await fetchAs('billing', { GATEWAY_CONFIG: withKeys('billing') })).status).toBe(200)
    expect(kv.reads).toBe(0)
  })
})

describe('a Worker with a faulty config', () => {
  it('answers 503 and logs every fault once, none with a secret', async () => {
    const faulty = JSON.stringify({ accounts: { acme: { token: `${CANARY}-literal` } }, tenants: {} })
    const bindings = { GATEWAY_CONFIG: faulty, GATEWAY_SECRET: 'short' }
    for (let i = 0; i < 3; i += 1) {
      const response = await fetchAs('billing', bindings)
      expect(response.status).toBe(503)
      expect(await response.text()).not.toMatch(/upstream\.|accounts|GATEWAY_SECRET/)
    }
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/GATEWAY_SECRET.*upstream.*accounts\.acme\.token/)
    expect(lines[0]).not.toContain(CANARY)
  })

  it('says so when a secret has no binding', async () => {
    expect(
      (await fetchAs('billing', { GATEWAY_CONFIG: withKeys('billing'), TOKEN_ACME: undefined })).status,
    ).toBe(503)
    expect(lines[0]).toContain('TOKEN_ACME')
  })
})

describe('a Worker whose caller goes away', () => {
  it('is asked to go on until the answer is there', async () => {
    const init = { method: 'POST', body: JSON.stringify(text('+999000010')) }
    const response = await fetchAs('billing', { GATEWAY_CONFIG: withKeys('billing') }, init)
    expect(await Promise.all(kept)).toEqual([response])
  })
})
