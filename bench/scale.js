// Does a request cost the same when there is much of everything? CPU per request of gateways with 10,000 tenants of 10
// keys, a ledger at its cap and 5,000 open records, against a gateway with one of each; pauses of the garbage
// collector, latency at a constant rate, memory per kept record, loading a large config. Needs wrk and nginx.
// Usage: npm run build && node bench/scale.js [sends to fill a ledger=300000] [seconds=3] [rounds=3]
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  answer,
  benchConfig,
  benchToken,
  root,
  startGateway,
  startUpstream,
  unreadableNumber,
  wideConfig,
} from './measure.js'
import { openLoop } from './support/open-loop.js'
import { folder, needs, pause, pinSelf, until } from './support/processes.js'
import { source } from './support/source.js'
import { median, print, printMachine, printTable, ratio, short, withComma } from './support/table.js'
import { keyedByMany, load, measure, scenarios, warmUp } from './support/wrk.js'

const [sends = 300_000, seconds = 3, rounds = 3] = process.argv.slice(2, 5).map(Number)
if (!(sends > 0 && seconds > 0 && rounds > 0)) {
  throw new Error('usage: node bench/scale.js [sends] [seconds] [rounds]')
}
const TENANTS = 10_000
const KEYS_EACH = 10
const OPEN_RECORDS = 5000
const PER_SECOND = 1000
/** What the memory ledger keeps at most (`src/ledger/memory.ts`). */
const LEDGER_CAP = 250_000
const LEDGER_ALONE = { kept: 1_000_000, live: OPEN_RECORDS }

needs('wrk')
pinSelf()
const upstream = await startUpstream()
const narrow = benchConfig(upstream.url)
const wide = wideConfig(upstream.url, TENANTS, KEYS_EACH)
const byMany = keyedByMany(TENANTS * KEYS_EACH)

let started = 0
/** A gateway that tells about its memory and pauses; see `support/inspected.js`. */
async function startInspected(config, name) {
  started += 1
  const reportPath = join(folder, `report-${started}.json`)
  const nodeArgs = ['--expose-gc', '--import', pathToFileURL(join(root, 'bench/support/inspected.js')).href]
  const gateway = await startGateway(config, { nodeArgs, env: { BENCH_REPORT: reportPath } })
  const inspect = async () => {
    rmSync(reportPath, { force: true })
    gateway.signal('SIGUSR2')
    await until(() => existsSync(reportPath))
    await pause(100)
    return JSON.parse(readFileSync(reportPath, 'utf8'))
  }
  return { ...gateway, name, inspect }
}

/** Keyed sends until there were `count`. */
async function fill(gateway, count) {
  let done = 0
  for (let slice = 0; done < count && slice < 600; slice += 1) {
    done += (await load(gateway, scenarios.keyed, 2)).count
  }
  if (done < count) throw new Error(`${gateway.name}: only ${done} of ${count} sends`)
  return done
}

/** Records that stay open: the upstream's answer to them cannot be read. */
const leaveOpen = (gateway) =>
  openLoop(
    { ...gateway, path: `/v1/${unreadableNumber}/messages` },
    { perSecond: PER_SECOND, seconds: OPEN_RECORDS / PER_SECOND, expect: 'HTTP/1.1 502' },
  )

const base = { title: 'one tenant, one key, a fresh ledger', config: narrow, scenario: scenarios.keyed }
const cases = [
  base,
  {
    title: `${withComma(TENANTS)} tenants, ${withComma(TENANTS * KEYS_EACH)} keys`,
    config: wide,
    scenario: byMany,
  },
  {
    title: `${withComma(sends)} sends before${sends >= LEDGER_CAP ? ', the ledger at its cap' : ''}`,
    config: narrow,
    scenario: scenarios.keyed,
    prepare: (gateway) => fill(gateway, sends),
  },
  {
    title: `${withComma(OPEN_RECORDS)} open records`,
    config: narrow,
    scenario: scenarios.keyed,
    prepare: leaveOpen,
  },
  {
    title: 'all of it at once',
    config: wide,
    scenario: byMany,
    prepare: async (gateway) => {
      await leaveOpen(gateway)
      await fill(gateway, sends)
    },
  },
]

// What needs no preparing starts anew in every round, so that its ledger is still small.
for (const one of cases) {
  if (one.prepare === undefined) continue
  one.gateway = await startInspected(one.config, one.title)
  await one.prepare(one.gateway)
}
for (let round = 0; round < rounds; round += 1) {
  for (const one of cases) {
    const gateway = one.gateway ?? (await startInspected(one.config, one.title))
    await warmUp(gateway, one.scenario, 2)
    await gateway.inspect()
    const loaded = await measure(gateway, one.scenario, seconds, upstream)
    const { pauses, seconds: observed } = await gateway.inspect()
    const steady = await openLoop(gateway, { perSecond: PER_SECOND, seconds })
    one.results = [...(one.results ?? []), { ...loaded, pauses, observed, steady }]
    if (one.gateway === undefined) await gateway.stop()
  }
}

const middle = ({ results }, value) => median(results.map(value))
printTable(
  ['keyed POST', 'CPU µs per request', 'to one of each', 'requests/s'],
  cases.map((one) => {
    const micros = middle(one, (result) => result.micros)
    const perSecond = withComma(middle(one, (result) => result.perSecond))
    return [
      one.title,
      short(micros),
      ratio(
        micros,
        middle(base, (result) => result.micros),
      ),
      perSecond,
    ]
  }),
)

const sum = (values) => values.reduce((total, value) => total + value, 0)
printTable(
  [
    'pauses for garbage collection under that load',
    'a second',
    'share of the time',
    'longest ms',
    'p99 ms at 1,000/s',
    'longest ms at 1,000/s',
  ],
  cases.map((one) => [
    one.title,
    short(middle(one, ({ pauses, observed }) => pauses.length / observed)),
    `${short(middle(one, ({ pauses, observed }) => sum(pauses) / observed / 10))} %`,
    short(Math.max(...one.results.flatMap(({ pauses }) => pauses))),
    short(middle(one, ({ steady }) => steady.p99)),
    short(middle(one, ({ steady }) => steady.longest)),
  ]),
)
for (const { gateway } of cases) await gateway?.stop()

const ledgerAlone = JSON.parse(
  execFileSync(
    process.execPath,
    ['--expose-gc', join(root, 'bench/support/ledger-alone.js'), ...Object.values(LEDGER_ALONE).map(String)],
    { encoding: 'utf8', timeout: 300_000 },
  ),
)
const [small, large] = [median(ledgerAlone.small), median(ledgerAlone.large)]
printTable(
  ['the memory ledger alone: open + settle of a fresh key', 'CPU µs', 'to one of each'],
  [
    ['1 kept record', short(small / 1000), ratio(small, small)],
    [
      `${withComma(LEDGER_ALONE.kept)} kept records, ${withComma(LEDGER_ALONE.live)} in flight`,
      short(large / 1000),
      ratio(large, small),
    ],
  ],
)

const inMemory = await startInspected(narrow, 'memory')
await warmUp(inMemory, scenarios.unkeyed, 2)
const { bytes: bytesBefore } = await inMemory.inspect()
const kept = await fill(inMemory, 100_000)
const { bytes: bytesAfter } = await inMemory.inspect()
await inMemory.stop()
const perRecord = (bytesAfter - bytesBefore) / kept

const { loadConfig } = await source('config.ts')
const { nodeContext } = await source('node/config-source.ts')
const loadMs = (config) => {
  const text = JSON.stringify(config)
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    if (!loadConfig(text, nodeContext({ BENCH_TOKEN: benchToken })).ok) throw new Error('a faulty config')
    return performance.now() - began
  })
  return median(times)
}

/** The longest answer time at a constant rate while the config is loaded anew. */
async function whileReloading(config) {
  const gateway = await startInspected(config, 'reloading')
  await warmUp(gateway, scenarios.keyed, 2)
  setTimeout(() => gateway.signal('SIGHUP'), 1000)
  const { longest } = await openLoop(gateway, { perSecond: PER_SECOND, seconds: 3 })
  await gateway.stop()
  return longest
}

const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
printTable(
  ['', 'one of each', `${withComma(TENANTS)} tenants, ${withComma(TENANTS * KEYS_EACH)} keys`],
  [
    ['config text', ...[narrow, wide].map((config) => mib(JSON.stringify(config).length))],
    ['loading it, ms', ...[narrow, wide].map((config) => short(loadMs(config)))],
    [
      'longest answer at 1,000/s while it is loaded anew, ms',
      short(await whileReloading(narrow)),
      short(await whileReloading(wide)),
    ],
  ],
)
print(
  `A kept record of the gateway takes ${withComma(perRecord)} bytes of memory, ${answer.length} of them its answer: ` +
    `${withComma(perRecord - answer.length)} bytes beyond (${withComma(ledgerAlone.perRecord)} in the ledger alone).\n`,
)
print(
  `Medians of ${rounds} interleaved rounds of ${seconds} s. The memory ledger keeps at most ${withComma(LEDGER_CAP)} ` +
    'answers or 256 MiB; at its cap every send drops the one used least recently.',
)
printMachine(`node bench/scale.js ${sends} ${seconds} ${rounds}`)
await upstream.stop()
process.exit(0)
