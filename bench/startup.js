// From the start of the process to its first answers: in sandbox mode, with a config, and with a large one. Runs are
// interleaved, and not pinned to cores. CPU is that of the process tree until the first send was answered. Needs nginx.
// Usage: npm run build && node bench/startup.js [runs=9]
import { benchConfig, gatewayCommand, startUpstream, wideConfig } from './measure.js'
import { treeMicros } from './support/cpu.js'
import { start, until } from './support/processes.js'
import { source } from './support/source.js'
import { median, print, printMachine, printTable, short } from './support/table.js'
import { ask } from './support/verify.js'

const [runs = 9] = process.argv.slice(2, 3).map(Number)
if (!(runs > 0)) throw new Error('usage: node bench/startup.js [runs]')

const { demoKey } = await source('node/demo.ts')
const { demoPhoneNumberIds } = await source('sandbox/organisation.ts')

const upstream = await startUpstream()
const cases = [
  { title: 'sandbox mode', bearer: demoKey, path: `/v1/${demoPhoneNumberIds[0]}/messages` },
  { title: 'one tenant', config: benchConfig(upstream.url) },
  { title: '10,000 tenants, 100,000 keys', config: wideConfig(upstream.url, 10_000, 10) },
]

async function startOnce({ config, path, bearer, title }) {
  const command = await gatewayCommand(config)
  const target = { name: title, url: `http://127.0.0.1:${command.port}`, ...(path && { path }) }
  const began = performance.now()
  const gateway = start(process.execPath, command.args, { env: command.env })
  try {
    await until(async () => (await fetch(`${target.url}/readyz`).catch(() => undefined))?.ok, 20, 2)
    const readyMs = performance.now() - began
    const answered = await ask(target, bearer && { bearer })
    const sentMs = performance.now() - began
    if (answered.status !== 200) throw new Error(`${title}: the first send got ${answered.status}`)
    return { readyMs, sentMs, cpuMs: treeMicros(gateway.pid) / 1000 }
  } finally {
    await gateway.stop()
  }
}

// The first run fills the file cache and is not counted.
const results = new Map(cases.map((one) => [one, []]))
for (let run = 0; run <= runs; run += 1) {
  for (const [one, list] of results) {
    const result = await startOnce(one)
    if (run > 0) list.push(result)
  }
}

printTable(
  ['start', 'ready after ms', 'min–max', 'first send answered after ms', 'CPU ms until then'],
  [...results].map(([{ title }, list]) => {
    const ready = list.map(({ readyMs }) => readyMs)
    const range = [Math.min(...ready), Math.max(...ready)].map(short).join('–')
    const [sent, cpu] = [list.map(({ sentMs }) => sentMs), list.map(({ cpuMs }) => cpuMs)]
    return [title, short(median(ready)), range, short(median(sent)), short(median(cpu))]
  }),
)
print(`Medians of ${runs} interleaved runs after one that is not counted.`)
printMachine(`node bench/startup.js ${runs}`, { pinned: false })
await upstream.stop()
process.exit(0)
