import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test'
import { inject } from 'vitest'
import { systemClock } from '../../../src/system/clock.ts'
import { createWorker } from '../../../src/worker/gateway.ts'
import { gatewaySuite } from '../../suites/gateway.ts'

gatewaySuite('Workers', async () => ({
  sandboxUrl: inject('sandboxUrl'),
  clientHeaders: ['host', 'connection', 'content-length', 'accept-encoding', 'cf-worker'],
  provesNotSent: false,
  async start({ config, secrets, gatewaySecret }) {
    const lines: string[] = []
    const worker = createWorker(systemClock, (line) => lines.push(line))
    const bindings = {
      ...secrets,
      LEDGER: env.LEDGER,
      GATEWAY_CONFIG: config,
      GATEWAY_SECRET: gatewaySecret,
      LOG_LEVEL: 'debug',
    }
    return {
      async request(path, init) {
        const context = createExecutionContext()
        const url = `https://gateway.example${path}`
        const request = new Request(url, init as RequestInit<IncomingRequestCfProperties>)
        const response = await worker.fetch?.(request, bindings, context)
        if (response === undefined) throw new Error('the worker has no fetch handler')
        await waitOnExecutionContext(context)
        return response
      },
      output: async () => lines.join('\n'),
      close: async () => {},
    }
  },
}))
