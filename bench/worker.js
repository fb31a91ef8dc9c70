// CPU of workerd per request, and the time from its start to the first answer: the built Worker in plain Miniflare,
// nginx with a canned answer as its upstream. Needs wrk and nginx. Usage: node bench/worker.js [seconds=3] [rounds=3]
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { benchConfig, benchToken, root, startUpstream } from './measure.js'
import { folder, freePort, needs } from './support/processes.js'
import { median, print, printMachine, printTable, ratio, short, withComma } from './support/table.js'
import { verify } from './support/verify.js'
import { measure, scenarios, WARM_UP_REQUESTS, warmUp } from './support/wrk.js'

const [seconds = 3, rounds = 3] = process.argv.slice(2, 4).map(Number)
if (!(seconds > 0 && rounds > 0)) throw new Error('usage: node bench/worker.js [seconds] [rounds]')
needs('wrk')
const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', folder], {
  cwd: root,
  stdio: 'pipe',
})

const upstream = await startUpstream()
const { ledger: _, ...config } = benchConfig(upstream.url)
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
    GATEWAY_CONFIG: JSON.stringify(config),
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

const shown = {
  keyed: 'keyed POST',
  unkeyed: 'POST without a key',
  replay: 'replay',
  'unknown key': '401, unknown key',
}

try {
  await miniflare.ready
  const readyMs = performance.now() - began
  await fetch(`${url}/readyz`)
  const answeredMs = performance.now() - began
  const target = { name: 'workerd', url, pid: Number(workerd()) }
  await verify(target)
  const results = new Map(Object.keys(shown).map((name) => [name, []]))
  for (const name of results.keys()) await warmUp(target, scenarios[name], seconds)
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, list] of results) {
      list.push(await measure(target, scenarios[name], seconds, upstream))
    }
  }
  const microsOf = (name) => median(results.get(name).map((one) => one.micros))
  printTable(
    ['workerd', 'CPU µs per request', 'to a keyed POST', 'requests/s'],
    Object.entries(shown).map(([name, title]) => {
      const perSecond = median(results.get(name).map((one) => one.perSecond))
      return [title, short(microsOf(name)), ratio(microsOf(name), microsOf('keyed')), withComma(perSecond)]
    }),
  )
  print(`workerd ready after ${readyMs.toFixed(0)} ms, first answer after ${answeredMs.toFixed(0)} ms.`)
  print(
    `Medians of ${rounds} rounds of ${seconds} s after a warm-up of ${withComma(WARM_UP_REQUESTS)} requests, or 30 s.`,
  )
  printMachine(`node bench/worker.js ${seconds} ${rounds}`, { pinned: false })
} finally {
  await miniflare.dispose()
  await upstream.stop()
}
process.exit(0)
