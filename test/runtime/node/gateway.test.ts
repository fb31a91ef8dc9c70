import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { startGateway } from '../../../src/node.ts'
import { serveSandbox } from '../../../src/sandbox/serve.ts'
import { gatewaySuite } from '../../suites/gateway.ts'
import { organisations } from '../../support/fixture.ts'

const sandbox = await serveSandbox({
  organisations,
  writePerMinute: 1_000_000,
  readPerMinute: 1_000_000,
  slowMs: 150,
})
const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
afterAll(async () => {
  await sandbox.close()
  await rm(folder, { recursive: true })
})

let files = 0

gatewaySuite('Node', async () => ({
  sandboxUrl: sandbox.url,
  clientHeaders: ['host', 'connection', 'content-length'],
  provesNotSent: true,
  async start({ config, secrets, gatewaySecret }) {
    const path = join(folder, `config-${++files}.json`)
    await writeFile(path, config)
    const lines: string[] = []
    const started = await startGateway(
      {
        ...secrets,
        GATEWAY_CONFIG: path,
        GATEWAY_SECRET: gatewaySecret,
        PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'debug',
      },
      { write: (line) => lines.push(line) },
    )
    if (!started.ok) throw new Error(JSON.stringify(started.faults))
    const { url, metricsPort, drain } = started.running
    return {
      request: (target, init) => fetch(url + target, { redirect: 'manual', ...init }),
      output: async () =>
        lines.join('') + (await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()),
      close: drain,
    }
  },
}))
