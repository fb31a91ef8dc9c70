// CPU of workerd per request, and the time from its start to the first answer: the built Worker in plain Miniflare,
// nginx with a canned answer as its upstream. Needs wrk and nginx. Usage: node bench/worker.js [seconds per round]
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import { benchConfig, benchToken, cleanUp, folder, freePort, report, startUpstream } from './measure.js'

const seconds = Number(process.argv[2] ?? 5)
const root = fileURLToPath(new URL('..', import.meta.url))
const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', folder], {
  cwd: root,
  stdio: 'pipe',
})

const upstream = await startUpstream()
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const began = performance.now()
const miniflare = new Miniflare({
  modules: true,
  script: readFileSync(join(folder, 'worker.js'), 'utf8'),
  compatibilityDate: '2026-04-26',
  durableObjects: { LEDGER: { className: 'LedgerObject', useSQLite: true } },
  bindings: {
    BENCH_TOKEN: benchToken,
    GATEWAY_CONFIG: JSON.stringify(benchConfig(upstream.url)),
    GATEWAY_SECRET: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'error',
  },
  host: '127.0.0.1',
  port,
  cf: false,
})

/** The workerd process is a child of this one. */
const workerd = () =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .find((pid) => {
      try {
        const [name, rest] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
        return name.includes('(workerd') && rest.split(' ')[1] === String(process.pid)
      } catch {
        return false
      }
    })

try {
  await miniflare.ready
  const readyMs = performance.now() - began
  await fetch(`${url}/readyz`)
  const answeredMs = performance.now() - began
  process.stdout.write(
    `workerd ready after ${readyMs.toFixed(0)} ms, first answer after ${answeredMs.toFixed(0)} ms\n\n`,
  )
  report(url, workerd(), seconds)
} finally {
  await miniflare.dispose()
  upstream.stop()
  cleanUp()
}
