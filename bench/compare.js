// CPU of this gateway per request beside its peers, in one run: wrk (64 connections) → contender → nginx with a canned
// answer, in short rounds, each in an order of its own. Prints the markdown of docs/performance.md. Needs wrk and nginx;
// peers are installed under bench/peers when they are missing.
// Usage: npm run build && node bench/compare.js [seconds=2] [rounds=5] [names…]
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
  shuffled,
  withComma,
} from './support/table.js'
import { verify, verifyGateway } from './support/verify.js'
import { load, measure, scenarios, WARM_UP_REQUESTS, warmUp } from './support/wrk.js'

const [seconds = 2, rounds = 5] = process.argv.slice(2, 4).map(Number)
const asked = process.argv.slice(4)
const names = asked.length > 0 ? asked : Object.keys(contenders).filter((name) => !contenders[name].asked)
if (!(seconds > 0 && rounds > 0)) throw new Error('usage: node bench/compare.js [seconds] [rounds] [names…]')
needs('wrk')

/** Processes of each contender: one may be luckier than the next by a tenth, with how its code was compiled. */
const PROCESSES = 2

const upstream = await startUpstream()
const cases = []
for (const name of names) {
  const targets = []
  for (let nth = 0; nth < PROCESSES; nth += 1) targets.push(await startContender(name, upstream.url))
  for (const target of targets) await verify(target)
  const { title } = targets[0]
  cases.push({ name, title, targets, scenario: 'keyed', results: [] })
  if (name !== 'gateway') continue
  for (const target of targets) await verifyGateway(target)
  const others = Object.keys(scenarios).filter((scenario) => scenario !== 'keyed')
  cases.push(...others.map((scenario) => ({ name, title, targets, scenario, results: [] })))
}

// Not counted: enough requests that V8 has compiled what it will, on a busy machine too.
for (const { targets, scenario } of cases) {
  for (const target of targets) await warmUp(target, scenarios[scenario], seconds)
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

for (let round = 0; round < rounds; round += 1) {
  // Who goes first, and after whom, counts: the first of a round lost up to a third.
  const turns = shuffled(cases.flatMap((one) => one.targets.map((target) => ({ one, target }))))
  const measured = new Map(cases.map((one) => [one, []]))
  for (const { one, target } of turns) {
    // Not counted: V8 gives memory back while nothing is to do, and the first second goes to getting it anew.
    await load(target, scenarios[one.scenario], 1)
    measured.get(one).push(await measure(target, scenarios[one.scenario], seconds, upstream))
  }
  for (const [one, list] of measured) {
    one.results.push({
      micros: mean(list.map(({ micros }) => micros)),
      perSecond: mean(list.map(({ perSecond }) => perSecond)),
    })
  }
}

const summary = ({ results }) => {
  const micros = results.map((one) => one.micros)
  const perSecond = median(results.map((one) => one.perSecond))
  return { middle: median(micros), range: [Math.min(...micros), Math.max(...micros)], perSecond }
}
/** In the same round, so that the machine was as fast for both; the median of rounds. */
const ratioTo = (base, { results }) =>
  base && median(results.map(({ micros }, round) => micros / base.results[round].micros))
const rowOf = (title, one, base) => {
  const { middle, range, perSecond } = summary(one)
  return [
    title,
    short(middle),
    range.map(short).join('–'),
    ratio(ratioTo(base, one), 1),
    withComma(perSecond),
  ]
}
const keyed = cases.filter(({ scenario }) => scenario === 'keyed')
const base = keyed.find(({ name }) => name === 'reply-from')
const sorted = keyed.toSorted((a, b) => summary(a).middle - summary(b).middle)

printTable(
  ['keyed POST', 'CPU µs per request', 'min–max', 'to fastify + reply-from', 'requests/s'],
  sorted.map((one) => rowOf(one.title, one, base)),
)

printBars(
  sorted.map((one) => [one.title.replaceAll(/[*`]/g, ''), summary(one).middle]),
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
const own = cases.filter(({ name }) => name === 'gateway')
if (own.length > 0) {
  printTable(
    ['this gateway', 'CPU µs per request', 'min–max', 'to a fresh keyed POST', 'requests/s'],
    own.map((one) => rowOf(titles[one.scenario], one, own[0])),
  )
}
print(
  `Medians of ${rounds} rounds of ${seconds} s for each of ${PROCESSES} processes, in turns, each after a second that is ` +
    `not counted and all after a warm-up of ${withComma(WARM_UP_REQUESTS)} requests; ratios are those within a round. ` +
    '64 connections, 200-byte body, 350-byte answer.',
)
printMachine(['node bench/compare.js', seconds, rounds, ...asked].join(' '))

for (const { targets } of keyed) for (const target of targets) await target.stop()
await upstream.stop()
process.exit(0)
