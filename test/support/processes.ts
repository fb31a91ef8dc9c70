import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PATIENCE_MS = 10_000

export interface Program {
  /** Starts the command line with nothing in its environment but `variables`. */
  start(args: readonly string[], variables?: Readonly<Record<string, string>>): Started
  remove(): Promise<void>
}

/** Builds the command line once, aside from that of the checkout. */
export async function buildProgram(): Promise<Program> {
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'process-test-'))
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.js'), folder], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the sources do not compile:\n${built.stderr}`)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const main = join(folder, 'cli', 'main.js')
  return {
    start: (args, variables = {}) => startProcess([main, ...args], variables),
    remove: () => rm(folder, { recursive: true }),
  }
}

export interface Started {
  /** All that the process has written to stdout and stderr so far. */
  output(): string
  /** Waits for a match in the output; gives its first group. Rejects when the process ends without it. */
  says(pattern: RegExp): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const processes = new Set<ChildProcess>()
const outputs: (() => string)[] = []

/** Kills what is left of the started processes, and gives all that they have ever written. */
export async function endProcesses(): Promise<string> {
  await Promise.all(
    [...processes].map(
      (child) =>
        new Promise((resolve) => {
          child.once('close', resolve)
          child.kill('SIGKILL')
        }),
    ),
  )
  return outputs.splice(0).reduce((all, output) => all + output(), '')
}

function startProcess(args: readonly string[], variables: Readonly<Record<string, string>>): Started {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, args, {
    env: { PATH, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  processes.add(child)
  let written = ''
  let over = false
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const look of watchers) look()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      written += chunk
      changed()
    })
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      processes.delete(child)
      over = true
      resolve(code ?? signal)
      changed()
    })
  })
  outputs.push(() => written)
  return {
    output: () => written,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          clearTimeout(timer)
          watchers.delete(look)
          act()
        }
        const fail = (why: string) => finish(() => reject(new Error(`${why} ${pattern}:\n${written}`)))
        const look = () => {
          const found = pattern.exec(written)
          if (found !== null) finish(() => resolve(found[1] ?? found[0]))
          else if (over) fail('the process ended before it said')
        }
        const timer = setTimeout(() => fail('timed out before'), PATIENCE_MS)
        watchers.add(look)
        look()
      }),
    signal: (name) => void child.kill(name),
    ended,
  }
}

/** Runs a line as it would be pasted into a shell; gives what it printed. */
export function inShell(line: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8', timeout: PATIENCE_MS })
  if (status !== 0) throw new Error(`${line}\n${stderr}`)
  return stdout
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
