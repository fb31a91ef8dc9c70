import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Running, startGateway } from '../../src/node.ts'
import type { RunningSandbox } from '../../src/sandbox/serve.ts'
import { acmeNumber, CANARY, config, gatewaySecret, keyOf, secrets, text } from '../support/fixture.ts'
import { startSandbox } from '../support/local-gateway.ts'

type Config = Record<string, Record<string, Record<string, unknown>>>

describe('what a gateway knows of its upstream', () => {
  let folder: string
  let sandbox: RunningSandbox
  let running: Running
  let lines: string[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gateway-'))
    sandbox = await startSandbox()
    lines = []
  })
  afterEach(async () => {
    await running.drain()
    await sandbox.close()
    await rm(folder, { recursive: true })
    expect(lines.join('')).not.toContain(CANARY)
  })

  const write = (content: Config) => writeFile(join(folder, 'config.json'), JSON.stringify(content))
  const configOf = (upstream: Record<string, unknown> = {}, baseUrl = sandbox.baseUrl) =>
    config(baseUrl, upstream) as Config
  const start = async (content: Config) => {
    await write(content)
    const variables = {
      ...secrets,
      TOKEN_OTHER: 'kdv_live_CANARY_other_refused_ddddd',
      GATEWAY_CONFIG: join(folder, 'config.json'),
      GATEWAY_SECRET: gatewaySecret,
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'debug',
    }
    const started = await startGateway(variables, { write: (line) => lines.push(line) })
    if (!started.ok) throw new Error(JSON.stringify(started.faults))
    running = started.running
  }
  const post = async (to?: string) => {
    const response = await fetch(`${running.url}/v1/${acmeNumber}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf('billing')}`, 'content-type': 'application/json' },
      body: JSON.stringify(text(to)),
    })
    const { error } = (await response.json()) as { error?: { code: string } }
    const { status, headers } = response
    return { status, code: error?.code, outcome: headers.get('gateway-outcome'), headers }
  }
  const metrics = async () => (await fetch(`http://127.0.0.1:${running.metricsPort}/metrics`)).text()
  const logged = (event: string) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.event === event)

  it('survives a new config: a pause goes on', async () => {
    await start(configOf({ maxRetries: 0 }))
    expect(await post('+999042903')).toMatchObject({ status: 429, code: 'upstream_rate_limited' })
    await write(configOf({ maxRetries: 1 }))
    running.reload()
    const before = sandbox.stats().requests
    const turnedAway = { status: 429, code: 'upstream_rate_limited', outcome: 'not_sent' }
    expect(await post()).toMatchObject(turnedAway)
    expect(sandbox.stats().requests).toBe(before)
    expect(logged('account_paused')).toMatchObject([
      { level: 'warn', account: 'acme', class: 'write', pausedMs: 3_600_000 },
    ])
  })

  it('survives a new config: an open breaker stays open', async () => {
    await start(configOf({ maxRetries: 0 }, 'http://127.0.0.1:9/v1'))
    for (let i = 0; i < 20; i += 1) {
      expect(await post()).toMatchObject({ status: 503, code: 'service_unavailable', outcome: 'not_sent' })
    }
    running.reload()
    for (let i = 0; i < 5; i += 1) {
      const { status, outcome, headers } = await post()
      expect([status, outcome]).toEqual([503, 'not_sent'])
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    }
    // A breaker that had forgotten would let all five through; this one at most probes.
    expect(logged('upstream').length).toBeLessThan(25)
    expect(logged('breaker')[0]).toMatchObject({
      level: 'error',
      account: 'acme',
      state: 'open',
      openMs: 1000,
    })
    expect(await metrics()).toMatch(/^gateway_breaker_state\{account="acme"\} [12]$/m)
  })

  it('lets an account change its token without a failed request', async () => {
    const content = configOf()
    const { acme } = content.accounts as { acme: Record<string, unknown> }
    // The sandbox has never heard of initech's token: to it, it is a token that was revoked.
    await start({
      ...content,
      accounts: {
        ...content.accounts,
        acme: { ...acme, token: 'env:TOKEN_INITECH', nextToken: 'env:TOKEN_ACME' },
      },
    })
    const all = await Promise.all(Array.from({ length: 30 }, () => post()))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
    expect(logged('token_refused')).toMatchObject([{ level: 'error', account: 'acme', which: 'token' }])
    expect(logged('upstream_auth_failed')).toEqual([])
    expect(await metrics()).toContain('gateway_events_total{event="token_refused"} 1')
    expect(await metrics()).not.toContain(CANARY)
  })

  it('never becomes the caller’s 401: with both tokens refused it is 503, and nothing was sent', async () => {
    const content = configOf()
    const { acme } = content.accounts as { acme: Record<string, unknown> }
    await start({
      ...content,
      accounts: {
        ...content.accounts,
        acme: { ...acme, token: 'env:TOKEN_INITECH', nextToken: 'env:TOKEN_OTHER' },
      },
    })
    for (let i = 0; i < 3; i += 1) {
      expect(await post()).toMatchObject({ status: 503, code: 'upstream_auth_failed', outcome: 'not_sent' })
    }
    // The first request looked at both, the others at one.
    expect(sandbox.stats().requests).toBe(4)
    expect(logged('token_refused').map(({ which }) => which)).toEqual(['token', 'nextToken'])
    expect(logged('upstream_auth_failed')).toHaveLength(3)
  })
})
