import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as openSocket } from 'node:net'
import { describe, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import { freePort } from './processes.ts'

export interface RedisServer {
  readonly port: number
  readonly url: Secret
  readonly pid: number
  /** Ends it at once, as a crash would: nothing is written any more. */
  stop(): Promise<void>
  /** The process stands still: connections stay, nothing is answered. */
  pause(): void
  resume(): void
  /** Starts it again on its port; what it kept in memory is gone. */
  restart(): Promise<void>
}

const isInstalled = spawnSync('redis-server', ['--version']).status === 0
const isCi = !['', '0', 'false'].includes(process.env.CI ?? '')

/** `describe` for what needs a real Redis: left out with a word where there is none, and a failure in CI. */
export function describeWithRedis(name: string, body: () => void): void {
  if (isInstalled) return void describe(name, body)
  if (!isCi) process.stderr.write(`SKIPPED: ${name} (redis-server is not installed)\n`)
  describe.skipIf(!isCi)(name, () => {
    it('needs redis-server', () => {
      throw new Error('redis-server is not installed')
    })
  })
}

/** Starts a redis-server of its own on a free port of the loopback; `more` are further arguments. */
export async function startRedisServer(more: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more]
  let child = await launch(port, args)
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    port,
    url: new Secret(`redis://127.0.0.1:${port}`),
    get pid() {
      return child.pid ?? 0
    },
    stop,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart() {
      await stop()
      child = await launch(port, args)
    },
  }
}

async function launch(port: number, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) break
    if (await answers(port)) return child
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  child.kill('SIGKILL')
  throw new Error(`redis-server did not start on port ${port}`)
}

/** Whether anything comes back for a PING, an error included. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('data', (data) => end(!data.toString().startsWith('-LOADING')))
    socket.once('error', () => end(false))
    socket.setTimeout(1000, () => end(false))
  })
}
