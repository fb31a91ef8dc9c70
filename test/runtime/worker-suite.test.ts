import { afterAll } from 'vitest'
import { serveSandbox } from '../../src/sandbox/serve.ts'
import { gatewaySuite } from '../suites/gateway.ts'
import { organisations } from '../support/fixture.ts'
import { buildWorker, runWorker } from '../support/worker-bundle.ts'

const { script } = buildWorker()
const sandbox = await serveSandbox({
  organisations,
  writePerMinute: 1_000_000,
  readPerMinute: 1_000_000,
  slowMs: 150,
})
afterAll(() => sandbox.close())

gatewaySuite('the built Worker', async () => ({
  sandboxUrl: sandbox.url,
  clientHeaders: ['host', 'connection', 'content-length', 'accept-encoding', 'cf-worker'],
  provesNotSent: false,
  async start({ config, secrets, gatewaySecret }) {
    const bindings = { ...secrets, GATEWAY_CONFIG: config, GATEWAY_SECRET: gatewaySecret, LOG_LEVEL: 'debug' }
    const { miniflare, log } = runWorker(script, bindings)
    const { origin } = await miniflare.ready
    return {
      request: (path, init) => fetch(origin + path, { redirect: 'manual', ...init }),
      output: async () => log(),
      close: () => miniflare.dispose(),
    }
  },
}))
