// Load by wrk: 64 connections, one thread, pinned beside the upstream.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { body, key, sendPath, spentKey } from '../measure.js'
import { treeMicros } from './cpu.js'
import { folder, LOAD_CORE, run } from './processes.js'

const CONNECTIONS = 64

/** A key that no other request of any run has. */
const UNIQUE = "id .. '-' .. n"

/**
 * What is asked. `key` and `bearer` are Lua expressions; `sends`: every request reaches the upstream.
 * `status` is what each answer must be.
 */
export const scenarios = {
  keyed: { key: UNIQUE, status: 200, sends: true },
  unkeyed: { status: 200, sends: true },
  replay: { key: "'always-the-same'", status: 200 },
  'unknown key': { key: UNIQUE, bearer: "'unknown'", status: 401 },
  'invalid body': { key: UNIQUE, body: body.replace('"to"', '"too"'), status: 400 },
  'over the limit': { key: UNIQUE, bearer: `'${spentKey}'`, status: 429 },
}

/** A keyed send under any of the first `count` keys of `wideConfig`. */
export const keyedByMany = (count) => ({
  ...scenarios.keyed,
  bearer: `'kgw_bench_' .. math.random(0, ${count - 1})`,
})

const luaHeaders = (scenario, extra) =>
  [
    `['Authorization'] = 'Bearer ' .. ${scenario.bearer ?? `'${key}'`},`,
    "['Content-Type'] = 'application/json',",
    scenario.key === undefined ? '' : `['Idempotency-Key'] = ${scenario.key},`,
    ...Object.entries(extra).map(([name, value]) => `['${name}'] = '${value}',`),
  ].join('\n    ')

const script = (scenario, target) => `
local n = 0
local id = ''
init = function()
  math.randomseed(os.time() + os.clock() * 1000000)
  id = string.format('%x%x', os.time(), math.random(1, 2147483647))
end
request = function()
  n = n + 1
  return wrk.format('POST', '${target.path ?? sendPath}', {
    ${luaHeaders(scenario, target.headers ?? {})}
  }, '${scenario.body ?? target.body ?? body}')
end`

const UNITS = { us: 0.001, ms: 1, s: 1000 }

/** Milliseconds at a percentile of `wrk --latency`. */
const latencyAt = (output, percent) => {
  const [, value, unit] = new RegExp(`\\s${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? []
  return Number(value) * UNITS[unit]
}

/** Loads `target` for `seconds`: its `url`, and `path`, `headers` and `body` where it has its own. */
export async function load(target, scenario, seconds) {
  const path = join(folder, 'scenario.lua')
  writeFileSync(path, script(scenario, target))
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--latency',
    '--timeout',
    '60s',
    '-s',
    path,
    target.url,
  ]
  const output = await run('wrk', args, { core: LOAD_CORE, timeoutMs: (seconds + 20) * 1000 })
  const [, count, took] = /(\d+) requests in ([\d.]+)s/.exec(output) ?? []
  return {
    count: Number(count),
    perSecond: Number(count) / Number(took),
    not2xx: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0),
    socketErrors: /Socket errors: (.*)/.exec(output)?.[1],
    p50: latencyAt(output, 50),
    p99: latencyAt(output, 99),
  }
}

export const WARM_UP_REQUESTS = 20_000

/** Loads `target` until it has answered `WARM_UP_REQUESTS`, for 30 s at most; `seconds` at a time. */
export async function warmUp(target, scenario, seconds) {
  let done = 0
  for (let spent = 0; done < WARM_UP_REQUESTS && spent < 30; spent += seconds) {
    done += (await load(target, scenario, seconds)).count
  }
}

/**
 * Loads `target` and gives the CPU of the process tree under `target.pid` per request. Fails when an answer
 * is not what the scenario asks for, or did not go (or went) through `upstream`.
 */
export async function measure(target, scenario, seconds, upstream) {
  const [seenBefore, before] = [await upstream.seen(), treeMicros(target.pid)]
  const loaded = await load(target, scenario, seconds)
  const micros = (treeMicros(target.pid) - before) / loaded.count
  const { count, not2xx, socketErrors } = loaded
  const passed = (await upstream.seen()) - seenBefore
  const fail = (what) => {
    throw new Error(`${target.name}: ${what} (${count} requests)`)
  }
  if (!(count > 0)) fail('no requests were answered')
  // wrk leaves up to one request per connection unanswered when its time is up.
  const slack = 2 * CONNECTIONS
  if (socketErrors !== undefined) fail(`socket errors: ${socketErrors}`)
  if (scenario.status < 300 && not2xx > 0) fail(`${not2xx} answers were not 2xx`)
  if (scenario.status >= 300 && count - not2xx > slack) fail(`${count - not2xx} answers were 2xx`)
  if (scenario.sends ? Math.abs(passed - count) > slack : passed > slack) {
    fail(`${passed} requests reached the upstream`)
  }
  return { ...loaded, micros }
}
