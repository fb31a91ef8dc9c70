// Where the gateway's CPU goes: V8's sampling profiler under keyed load, after a warm-up, as markdown. Shares are those
// of the samples; microseconds are shares of the CPU time from /proc. The profiler itself costs some 10 to 20 %.
// Needs wrk and nginx.
// Usage: npm run build && node bench/profile.js [seconds=8] [rows=30] [path for the .cpuprofile]
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { benchConfig, root, startGateway, startUpstream } from './measure.js'
import { folder, needs, pause, until } from './support/processes.js'
import { print, printMachine, printTable, short, withComma } from './support/table.js'
import { measure, scenarios, warmUp } from './support/wrk.js'

const [seconds = 8, rows = 30] = process.argv.slice(2, 4).map(Number)
const [, , , , savedAs] = process.argv
if (!(seconds > 0 && rows > 0)) throw new Error('usage: node bench/profile.js [seconds] [rows] [path]')

needs('wrk')
const upstream = await startUpstream()
const reportPath = join(folder, 'gateway.cpuprofile')
const nodeArgs = ['--import', pathToFileURL(join(root, 'bench/support/profiled.js')).href]
const started = await startGateway(benchConfig(upstream.url), { nodeArgs, env: { BENCH_REPORT: reportPath } })
const gateway = { ...started, name: 'gateway' }
await warmUp(gateway, scenarios.keyed, 2)
gateway.signal('SIGUSR2')
await pause(300)
const { micros, count, perSecond } = await measure(gateway, scenarios.keyed, seconds, upstream)
gateway.signal('SIGUSR2')
await until(() => existsSync(reportPath))
if (savedAs !== undefined) copyFileSync(reportPath, savedAs)
await gateway.stop()
await upstream.stop()

const profile = JSON.parse(readFileSync(reportPath, 'utf8'))
const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
const isPseudo = ({ functionName, url }) => url === '' && functionName.startsWith('(')

/** Samples weighed with the time since the one before; idle time is left out. */
const selfOf = new Map()
profile.samples.forEach((id, index) => {
  if (nodes.get(id)?.callFrame.functionName === '(idle)') return
  selfOf.set(id, (selfOf.get(id) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0))
})
const busy = [...selfOf.values()].reduce((sum, time) => sum + time, 0)

/** `src/` file, package, or part of Node that a frame belongs to. */
function placeOf(frame) {
  const { url, functionName } = frame
  if (isPseudo(frame)) return functionName
  if (url === '') return 'native'
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (inPackage !== undefined) return inPackage
  return /\/dist\/(.*)$/.exec(url)?.[1] ?? url
}

function originOf(frame) {
  const place = placeOf(frame)
  if (place.startsWith('node:')) return 'Node’s own JavaScript'
  if (place === 'native') return 'native functions called from JavaScript (sockets, crypto, parsers)'
  return /\.js$/.test(place) ? '**the gateway’s own code**' : place
}

function functionOf(frame) {
  if (isPseudo(frame)) return frame.functionName
  const inPackage = /^.*\/node_modules\/(.*)$/.exec(frame.url)?.[1]
  const file = inPackage ?? frame.url.replace(/^.*\/dist\//, '')
  return `\`${frame.functionName || '(anonymous)'}\` ${file === '' ? 'native' : `${file}:${frame.lineNumber + 1}`}`
}

const addTo = (times, label, time) => times.set(label, (times.get(label) ?? 0) + time)
const sorted = (times) => [...times].toSorted(([, a], [, b]) => b - a)

function selfBy(labelOf) {
  const times = new Map()
  for (const [id, time] of selfOf) addTo(times, labelOf(nodes.get(id).callFrame), time)
  return sorted(times)
}

/** Time of a function with all that it calls; a function that calls itself counts once. */
function totalBy(labelOf) {
  const times = new Map()
  const walk = (node, above) => {
    const label = labelOf(node.callFrame)
    const isOutermost = !above.has(label)
    if (isOutermost) above.add(label)
    const own = selfOf.get(node.id) ?? 0
    const total = (node.children ?? []).reduce((sum, id) => sum + walk(nodes.get(id), above), own)
    if (isOutermost) {
      above.delete(label)
      addTo(times, label, total)
    }
    return total
  }
  walk(profile.nodes[0], new Set())
  return sorted(times)
}

const printTimes = (title, times) =>
  printTable(
    [title, 'of the busy time', 'CPU µs per request'],
    times.map(([label, time]) => [
      label,
      `${((time / busy) * 100).toFixed(1)} %`,
      short((time / busy) * micros),
    ]),
  )
printTimes('self time by origin', selfBy(originOf).slice(0, rows))
printTimes('self time by file or package', selfBy(placeOf).slice(0, rows))
printTimes('self time by function', selfBy(functionOf).slice(0, rows))
printTimes('time with all that is called', totalBy(functionOf).slice(1, rows + 1))
print(`${withComma(count)} keyed sends at ${withComma(perSecond)} a second, ${short(micros)} CPU µs each.`)
printMachine(`node bench/profile.js ${seconds} ${rows}`)
process.exit(0)
