import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { RunningSandbox } from '../../src/sandbox/serve.ts'
import { config, gatewaySecret, secrets } from './fixture.ts'
import { startSandbox } from './local-gateway.ts'
import { buildProgram, freePort, type Started } from './processes.ts'

export interface Memory {
  /** Bytes. */
  readonly rss: number
  /** Bytes, after garbage collection. */
  readonly heap: number
  /** Open TCP connections, those to the upstream included. */
  readonly sockets: number
}

/** A gateway in a process of its own that tells its memory, in front of a sandbox in this one. */
export interface ProbedGateway {
  readonly port: number
  readonly process: Started
  readonly sandbox: RunningSandbox
  memory(): Promise<Memory>
  /** Removes what the process needed; ends neither it nor its connections. */
  remove(): Promise<void>
}

const probe = new URL('./memory-probe.js', import.meta.url).href

export async function startProbedGateway(): Promise<ProbedGateway> {
  const program = await buildProgram()
  const sandbox = await startSandbox()
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config(sandbox.baseUrl)))
  const port = await freePort()
  const started = program.start(['serve'], {
    ...secrets,
    GATEWAY_CONFIG: join(folder, 'config.json'),
    GATEWAY_SECRET: gatewaySecret,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: `--expose-gc --import ${probe}`,
  })
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/readyz`), { timeout: 30_000, interval: 50 })
  let asked = 0
  return {
    port,
    process: started,
    sandbox,
    async memory() {
      asked += 1
      started.signal('SIGUSR2')
      const line = await started.says(new RegExp(`probe-${asked} (.*);`))
      const [rss = 0, heap = 0, sockets = 0] = [...line.matchAll(/=(\d+)/g)].map(([, digits]) =>
        Number(digits),
      )
      return { rss, heap, sockets }
    },
    async remove() {
      await sandbox.close()
      await program.remove()
      await rm(folder, { recursive: true })
    },
  }
}
