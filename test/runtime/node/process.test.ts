import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RunningSandbox } from '../../../src/sandbox/serve.ts'
import { checkAnswer, expectError, expectSuccess } from '../../support/envelope.ts'
import { acmeNumber, CANARY, config, gatewaySecret, keyOf, secrets, text } from '../../support/fixture.ts'
import { messagesPath, requestText, slowRecipient, startSandbox } from '../../support/local-gateway.ts'
import {
  buildProgram,
  endProcesses,
  freePort,
  inShell,
  type Program,
  type Started,
} from '../../support/processes.ts'
import { closeConnections, openConnection } from '../../support/raw-http.ts'

/** Long enough for a signal, and for what comes after it, to arrive in between. */
const SLOW_MS = 600

let program: Program
let sandbox: RunningSandbox
let folder: string
beforeAll(async () => {
  program = await buildProgram()
  sandbox = await startSandbox(SLOW_MS)
  folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config(sandbox.baseUrl)))
}, 60_000)
afterEach(async () => {
  closeConnections()
  expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
  sandbox.reset()
})
afterAll(async () => {
  await sandbox.close()
  await program.remove()
  await rm(folder, { recursive: true })
})

const listening = /"what":"listening","detail":"(http:[^"]+)"/

const serve = async (variables: Record<string, string> = {}) => {
  const gateway = program.start(['serve'], {
    ...secrets,
    GATEWAY_CONFIG: join(folder, 'config.json'),
    GATEWAY_SECRET: gatewaySecret,
    PORT: '0',
    ...variables,
  })
  return { gateway, url: await gateway.says(listening) }
}

const call = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const post = (url: string, to: string, key?: string) =>
  call(url + messagesPath, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${keyOf('billing')}`,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify(text(to)),
  })

const underWay = () => vi.waitFor(() => expect(sandbox.stats().posts).toBe(1), { interval: 10 })

/** The request line that `output` says to paste, its continuation lines included. */
const curlIn = (output: string): string => /^ *curl (?:[^\n]*\\\n)*[^\n]*$/m.exec(output)?.[0] ?? 'false'

describe('the process of the gateway', () => {
  it('prints a request that works when it is pasted, without any configuration', async () => {
    const gateway = program.start(['serve'], { PORT: '0' })
    await gateway.says(/curl .*\n/)
    const answer = JSON.parse(inShell(curlIn(gateway.output())))
    expect(answer).toMatchObject({
      data: { object: 'message', to: '+14155550123', type: 'text' },
      request_id: expect.stringMatching(/^req_/),
    })
    const again = JSON.parse(inShell(curlIn(gateway.output())))
    expect(again, 'its key makes pasting it twice safe').toEqual(answer)
    gateway.signal('SIGINT')
    expect(await gateway.ended).toBe(0)
  })

  it('lets a request under way end, and takes no other, when it is told to stop', async () => {
    const { gateway, url } = await serve()
    const slow = post(url, slowRecipient)
    await underWay()
    gateway.signal('SIGTERM')
    await vi.waitFor(async () => expectError(await call(`${url}/readyz`), 503, 'service_unavailable'), {
      interval: 10,
    })
    expectError(await post(url, '+14155550123'), 503, 'service_unavailable')
    expect((await call(`${url}/healthz`)).status, 'it is alive').toBe(200)
    // A terminal and npm may both deliver the signal.
    gateway.signal('SIGTERM')
    gateway.signal('SIGINT')
    expect(expectSuccess(await slow).to).toBe(slowRecipient)
    expect(await gateway.ended).toBe(0)
    expect(gateway.output().match(/"what":"(draining|stopped)"/g)).toHaveLength(2)
    expect(sandbox.stats()).toMatchObject({ posts: 1, messagesSent: 1 })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once on %s when it is idle, whoever is connected',
    async (signal) => {
      const { gateway, url } = await serve()
      const { port } = new URL(url)
      checkAnswer(await call(`${url}/healthz`))
      const silent = connect({ port: Number(port), host: '127.0.0.1' })
      silent.on('error', () => {})
      const half = openConnection(Number(port))
      half.send('POST /v1/me HTTP/1.1\r\n')
      await new Promise((resolve) => silent.once('connect', resolve))
      const began = performance.now()
      gateway.signal(signal)
      expect(await gateway.ended).toBe(0)
      expect(performance.now() - began).toBeLessThan(2000)
      silent.destroy()
    },
  )

  it('heeds signals as soon as it says that it listens', async () => {
    const { gateway } = await serve()
    gateway.signal('SIGHUP')
    await gateway.says(/"what":"config_reloaded"/)
    gateway.signal('SIGTERM')
    expect(await gateway.ended).toBe(0)
  })

  it('sends the message of a caller that hung up before it was told to stop', async () => {
    const { gateway, url } = await serve()
    const connection = openConnection(Number(new URL(url).port))
    connection.send(requestText({ body: JSON.stringify(text(slowRecipient)) }))
    await underWay()
    connection.hangUp()
    await connection.gone()
    gateway.signal('SIGTERM')
    expect(await gateway.ended).toBe(0)
    expect(sandbox.stats().messagesSent).toBe(1)
    expect(sandbox.requests(1)[0]?.status, 'the upstream could answer').toBe(200)
  })

  it('sends a message once although it was killed in the middle, when the caller retries with the key', async () => {
    const { gateway, url } = await serve()
    const lost = post(url, slowRecipient, 'survives').catch((error: unknown) => error)
    await underWay()
    gateway.signal('SIGKILL')
    expect(await gateway.ended).toBe('SIGKILL')
    expect(await lost).toBeInstanceOf(Error)
    const next = await serve()
    const retried = await post(next.url, slowRecipient, 'survives')
    expect(expectSuccess(retried).to).toBe(slowRecipient)
    const again = await post(next.url, slowRecipient, 'survives')
    expect(again.body).toBe(retried.body)
    expect(sandbox.stats()).toMatchObject({ messagesSent: 1, duplicates: 0 })
  })

  it('serves metrics on an address of their own', async () => {
    const port = await freePort()
    const { url } = await serve({ METRICS_PORT: String(port) })
    expectSuccess(await post(url, '+14155550123'))
    const metrics = await call(`http://127.0.0.1:${port}/metrics`)
    expect(metrics.status).toBe(200)
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(metrics.body).toMatch(/^# TYPE \w+ counter$/m)
    expect(metrics.body).toMatch(/^\w+\{.*tenant="billing".*status="200".*\} 1$/m)
    expect(metrics.body).not.toContain(CANARY)
    expect(metrics.body).not.toContain('14155550123')
    expectError(await call(`${url}/metrics`), 404, 'resource_not_found')
    expect((await call(`http://127.0.0.1:${port}${messagesPath}`)).status, 'and nothing else there').toBe(404)
  })
})

describe('the process of the sandbox', () => {
  it('prints a request that works when it is pasted, and counts it', async () => {
    const alone: Started = program.start(['sandbox', '--port', '0'])
    const stats = await alone.says(/(http:\S+\/_sandbox\/stats)/)
    await alone.says(/docs\/sandbox\.md\n/)
    const { data } = JSON.parse(inShell(curlIn(alone.output())))
    expect(data).toMatchObject({ object: 'message', to: '+14155550123' })
    expect(JSON.parse((await call(stats)).body)).toMatchObject({ messagesSent: 1, duplicates: 0 })
    expect(JSON.parse((await call(stats.replace('stats', 'requests?last=1'))).body)[0].path).toContain(
      acmeNumber,
    )
    alone.signal('SIGTERM')
    expect(await alone.ended).toBe(0)
  })
})
