// Processes of a bench: each is started here, pinned to a core, and ended by its pid whatever happens to the bench.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { treePids } from './cpu.js'

/** A folder of this run's own; gone when the bench ends. nginx's worker, another user, writes there too. */
export const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'))
export const cleanUp = () => rmSync(folder, { recursive: true, force: true })

const running = new Set()

process.once('exit', () => {
  for (const child of running) killTree(child.pid)
  cleanUp()
})

/** A master that is killed leaves its workers behind, so they are ended by their own ids. */
function killTree(pid) {
  if (pid === undefined) return
  for (const id of treePids(pid)) {
    try {
      process.kill(id, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

// Else these would end the bench without its `exit` event.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130))

/** The measured process has the first core; load, upstream and bench share the second. */
export const MEASURED_CORE = 0
export const LOAD_CORE = 1
export const isPinned = availableParallelism() >= 2 && hasCommand('taskset')

const pinned = (core, command, args) =>
  isPinned && core !== undefined ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]

/** Pins all threads of the bench itself: it drives the load. */
export function pinSelf() {
  if (isPinned) execFileSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' })
}

function hasCommand(name) {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Fails with what to install when one of `commands` is not there. */
export function needs(...commands) {
  const missing = commands.filter((name) => !hasCommand(name))
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')} (apt-get install them)`)
}

/** Starts a process. `core`: where it is pinned; absent: nowhere. Its output goes nowhere but for its errors. */
export function start(command, args, { core, env = {}, cwd } = {}) {
  const [file, all] = pinned(core, command, args)
  const child = spawn(file, all, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
    ...(cwd && { cwd }),
  })
  running.add(child)
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  void ended.then(() => running.delete(child))
  return {
    pid: child.pid,
    ended,
    isRunning: () => running.has(child),
    signal: (name) => child.kill(name),
    /** Ends it gently, and after five seconds for certain. */
    async stop() {
      const timer = setTimeout(() => killTree(child.pid), 5000)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
    },
  }
}

/** Runs a command to its end, `timeoutMs` at most, and gives what it printed. */
export function run(command, args, { core, timeoutMs }) {
  const [file, all] = pinned(core, command, args)
  return new Promise((resolve, reject) => {
    const child = spawn(file, all, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    const timer = setTimeout(() => killTree(child.pid), timeoutMs)
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', reject).once('close', (code) => {
      clearTimeout(timer)
      running.delete(child)
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ended with ${code ?? 'a signal'}: ${output}`))
    })
  })
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until `condition` holds, `seconds` at most; looks every `everyMs`. */
export async function until(condition, seconds = 20, everyMs = 20) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    if (await condition()) return
    await pause(everyMs)
  }
  throw new Error('the server did not get ready')
}
