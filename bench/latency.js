// Latency that a contender adds to its upstream: at a constant 1,000 requests/s, and with 64 connections in front of an
// upstream that takes 20 ms. Interleaved rounds; the same load on the upstream directly is subtracted round by round.
// Needs wrk, nginx and libnginx-mod-http-echo.
// Usage: npm run build && node bench/latency.js [seconds=5] [rounds=3]
import { startUpstream } from './measure.js'
import { direct, startContender } from './support/contenders.js'
import { openLoop } from './support/open-loop.js'
import { needs, pinSelf } from './support/processes.js'
import { median, print, printMachine, printTable } from './support/table.js'
import { verify } from './support/verify.js'
import { load, scenarios, warmUp } from './support/wrk.js'

const [seconds = 5, rounds = 3] = process.argv.slice(2, 4).map(Number)
if (!(seconds > 0 && rounds > 0)) throw new Error('usage: node bench/latency.js [seconds] [rounds]')
const PER_SECOND = 1000
const DELAY_MS = 20

needs('wrk')
pinSelf()
const upstream = await startUpstream({ delayMs: DELAY_MS })

/** Runs `measure` on the upstream itself and on `names` in interleaved rounds. */
async function inRounds(baseUrl, names, measure) {
  const targets = [direct(baseUrl)]
  for (const name of names) targets.push(await startContender(name, baseUrl))
  for (const target of targets) await verify(target)
  const results = new Map(targets.map((target) => [target, []]))
  for (const target of targets) await warmUp(target, scenarios.keyed, 2)
  // Under this very load too: a process that was only ever busy answers slower at first when it is not.
  for (const target of targets) await measure(target)
  for (let round = 0; round < rounds; round += 1) {
    for (const [target, list] of results) list.push(await measure(target))
  }
  for (const target of targets) await target.stop?.()
  return [...results]
}

function printAdded(what, results) {
  const [[, base]] = results
  const rows = results.map(([{ title }, list]) => {
    const added = (field) =>
      list === base ? '' : median(list.map((one, round) => one[field] - base[round][field])).toFixed(2)
    const measured = (field) => median(list.map((one) => one[field])).toFixed(2)
    return [title, measured('p50'), measured('p99'), added('p50'), added('p99')]
  })
  printTable([what, 'p50 ms', 'p99 ms', 'added p50 ms', 'added p99 ms'], rows)
}

const steady = await inRounds(upstream.url, ['nginx', 'reply-from', 'gateway'], (target) =>
  openLoop(target, { perSecond: PER_SECOND, seconds }),
)
printAdded('1,000 keyed POST/s, constant rate', steady)
const latest = median(steady.flatMap(([, list]) => list.map((one) => one.latest)))

const busy = await inRounds(upstream.delayedUrl, ['bare-node', 'bare-hono', 'gateway'], async (target) => {
  const loaded = await load(target, scenarios.keyed, seconds)
  if (loaded.not2xx > 0) throw new Error(`${target.name}: ${loaded.not2xx} answers were not 2xx`)
  return loaded
})
printAdded(`64 connections, upstream takes ${DELAY_MS} ms`, busy)

print(
  `Medians of ${rounds} interleaved rounds of ${seconds} s after a warm-up. At the constant rate requests are ` +
    `timed from their first written byte; the driver was up to ${latest.toFixed(1)} ms late in sending (median of rounds).`,
)
printMachine(`node bench/latency.js ${seconds} ${rounds}`)
await upstream.stop()
process.exit(0)
