import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Miniflare, MiniflareOptions } from 'miniflare'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningSandbox, serveSandbox } from '../../src/sandbox/serve.ts'
import {
  acmeNumber,
  CANARY,
  config,
  gatewaySecret,
  keyOf,
  organisations,
  secrets,
  text,
} from '../support/fixture.ts'
import { buildWorker, type RunningWorker, runWorker } from '../support/worker-bundle.ts'

const MAX_GZIP_BYTES = 90 * 1024

const bundle = buildWorker()

describe('the Worker bundle', () => {
  it('holds nothing that belongs to Node', () => {
    const foreign = /node_modules\/(undici|@hono\/node-server|redis|@redis|sonic-boom|prom-client)\//
    expect(bundle.inputs.filter((path) => foreign.test(path))).toEqual([])
    expect(bundle.inputs.some((path) => path.endsWith('src/worker.ts'))).toBe(true)
    expect(bundle.imports).toEqual(['cloudflare:workers'])
  })

  it('stays below 90 KiB gzipped', () => {
    process.stdout.write(`Worker bundle: ${(bundle.gzipBytes / 1024).toFixed(1)} KiB gzip\n`)
    expect(bundle.gzipBytes).toBeLessThan(MAX_GZIP_BYTES)
  })
})

describe('the built Worker in plain workerd', () => {
  let sandbox: RunningSandbox
  let storage: string
  let running: RunningWorker | undefined

  beforeAll(async () => {
    sandbox = await serveSandbox({ organisations })
    storage = mkdtempSync(join(tmpdir(), 'gateway-storage-'))
  })
  afterEach(async () => {
    await running?.miniflare.dispose()
    expect(running?.log(), 'no token in the log').not.toContain(CANARY)
    running = undefined
  })
  afterAll(async () => {
    await sandbox.close()
    rmSync(storage, { recursive: true, force: true })
  })

  const start = (bindings: Record<string, string>, more: Partial<MiniflareOptions> = {}): Miniflare => {
    running = runWorker(bundle.script, bindings, { durableObjectsPersist: storage, ...more })
    return running.miniflare
  }
  const full = () => ({
    ...secrets,
    GATEWAY_SECRET: gatewaySecret,
    GATEWAY_CONFIG: JSON.stringify(config(sandbox.baseUrl)),
  })
  const post = async (worker: Miniflare, tenant: string, key?: string) => {
    const response = await worker.dispatchFetch(`https://gateway.example/v1/${acmeNumber}/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${keyOf(tenant)}`,
        'content-type': 'application/json',
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: JSON.stringify(text()),
    })
    const body = await response.text()
    expect(body + JSON.stringify([...response.headers])).not.toContain(CANARY)
    return { status: response.status, headers: response.headers, body }
  }

  it('sends, replays, and still replays after a restart on the same storage', async () => {
    const first = await post(start(full()), 'billing', 'bundle-1')
    expect(first.status).toBe(200)
    expect(first.headers.get('idempotent-replayed')).toBe('false')
    await running?.miniflare.dispose()
    const again = await post(start(full()), 'billing', 'bundle-1')
    expect(again.body).toBe(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(sandbox.stats().messagesSent).toBe(1)
  })

  it('keeps quotas over a restart', async () => {
    const worker = start(full())
    expect((await post(worker, 'monthly')).status).toBe(200)
    await worker.dispose()
    const refused = await post(start(full()), 'monthly')
    expect(refused.status).toBe(429)
    expect(JSON.parse(refused.body).error.code).toBe('quota_exceeded')
  })

  it('gives 200 concurrent duplicates one message', async () => {
    const worker = start(full())
    const before = sandbox.stats().messagesSent
    const all = await Promise.all(Array.from({ length: 200 }, () => post(worker, 'billing', 'bundle-many')))
    expect(new Set(all.map(({ status, body }) => `${status} ${body}`)).size).toBe(1)
    expect(sandbox.stats().messagesSent).toBe(before + 1)
  })

  it('admits exactly the limit of 300 parallel requests', async () => {
    const worker = start(full())
    const all = await Promise.all(Array.from({ length: 300 }, () => post(worker, 'exact')))
    const sent = all.filter(({ status }) => status === 200).length
    expect(sent).toBeGreaterThanOrEqual(50)
    // The bucket refills by 50 a minute while the requests run.
    expect(sent).toBeLessThanOrEqual(54)
    expect(all.every(({ status }) => status === 200 || status === 429)).toBe(true)
  })

  it('reads its config from KV when there is no variable', async () => {
    const { GATEWAY_CONFIG, ...others } = full()
    const worker = start(others, { kvNamespaces: ['GATEWAY_KV'] })
    const kv = await worker.getKVNamespace('GATEWAY_KV')
    await kv.put('config', GATEWAY_CONFIG)
    expect((await post(worker, 'billing')).status).toBe(200)
  })

  it('answers 503 without a word of the faults while its config is faulty', async () => {
    const worker = start({ ...full(), GATEWAY_CONFIG: '{"accounts":{"acme":{"token":"literal-CANARY"}}}' })
    const refused = await post(worker, 'billing')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('gateway-outcome')).toBe('not_sent')
    expect(JSON.parse(refused.body).error).toMatchObject({ type: 'api_error', code: 'service_unavailable' })
    expect(refused.body).not.toContain('accounts')
    await vi.waitFor(() => expect(running?.log()).toContain('accounts.acme.token'))
  })
})
