// CPU of this gateway per request beside its peers, in one run: wrk (64 connections) → contender → nginx with a canned
// answer, in interleaved rounds. Prints the markdown of docs/performance.md. Needs wrk and nginx; peers are installed
// under bench/peers when they are missing.
// Usage: npm run build && node bench/compare.js [seconds=3] [rounds=3] [names…]
import { startUpstream } from './measure.js'
import { contenders, startContender } from './support/contenders.js'
import { needs } from './support/processes.js'
import {
  median,
  print,
  printBars,
  printMachine,
  printTable,
  ratio,
  short,
  withComma,
} from './support/table.js'
import { verify, verifyGateway } from './support/verify.js'
import { measure, scenarios, WARM_UP_REQUESTS, warmUp } from './support/wrk.js'

const [seconds = 3, rounds = 3] = process.argv.slice(2, 4).map(Number)
const asked = process.argv.slice(4)
const names = asked.length > 0 ? asked : Object.keys(contenders).filter((name) => !contenders[name].asked)
if (!(seconds > 0 && rounds > 0)) throw new Error('usage: node bench/compare.js [seconds] [rounds] [names…]')
needs('wrk')

const upstream = await startUpstream()
const cases = []
for (const name of names) {
  const target = await startContender(name, upstream.url)
  await verify(target)
  cases.push({ target, scenario: 'keyed', results: [] })
  if (name !== 'gateway') continue
  await verifyGateway(target)
  const others = Object.keys(scenarios).filter((scenario) => scenario !== 'keyed')
  cases.push(...others.map((scenario) => ({ target, scenario, results: [] })))
}

// Not counted: enough requests that V8 has compiled what it will, on a busy machine too.
for (const { target, scenario } of cases) await warmUp(target, scenarios[scenario], seconds)

for (let round = 0; round < rounds; round += 1) {
  // Each round begins elsewhere: the first of a round fares worse than the others.
  const first = Math.floor((round * cases.length) / rounds)
  for (const { target, scenario, results } of [...cases.slice(first), ...cases.slice(0, first)]) {
    results.push(await measure(target, scenarios[scenario], seconds, upstream))
  }
}

const summary = ({ results }) => {
  const micros = results.map((one) => one.micros)
  const perSecond = median(results.map((one) => one.perSecond))
  return { middle: median(micros), range: [Math.min(...micros), Math.max(...micros)], perSecond }
}
const rowOf = (title, one, base) => {
  const { middle, range, perSecond } = summary(one)
  const baseMicros = base && summary(base).middle
  return [title, short(middle), range.map(short).join('–'), ratio(middle, baseMicros), withComma(perSecond)]
}
const keyed = cases.filter(({ scenario }) => scenario === 'keyed')
const base = keyed.find(({ target }) => target.name === 'reply-from')
const sorted = keyed.toSorted((a, b) => summary(a).middle - summary(b).middle)

printTable(
  ['keyed POST', 'CPU µs per request', 'min–max', 'to fastify + reply-from', 'requests/s'],
  sorted.map((one) => rowOf(one.target.title, one, base)),
)

printBars(
  sorted.map((one) => [one.target.title.replaceAll(/[*`]/g, ''), summary(one).middle]),
  summary(base ?? sorted[0]).middle,
)

const titles = {
  keyed: 'keyed POST, fresh key',
  unkeyed: 'POST without a key',
  replay: 'replay',
  'unknown key': '401, unknown key',
  'invalid body': '400, a field is missing',
  'over the limit': '429, over the limit',
}
const own = cases.filter(({ target }) => target.name === 'gateway')
if (own.length > 0) {
  printTable(
    ['this gateway', 'CPU µs per request', 'min–max', 'to a fresh keyed POST', 'requests/s'],
    own.map((one) => rowOf(titles[one.scenario], one, own[0])),
  )
}
print(
  `Medians of ${rounds} interleaved rounds of ${seconds} s after a warm-up of ${withComma(WARM_UP_REQUESTS)} requests; ` +
    '64 connections, 200-byte body, 350-byte answer.',
)
printMachine(['node bench/compare.js', seconds, rounds, ...asked].join(' '))

for (const { target } of keyed) await target.stop()
await upstream.stop()
process.exit(0)
