// Does the gateway stay what it is under mixed traffic for long? Patient clients (sends, duplicates, receipts, reads,
// faults of the upstream, nonsense) at 70 % of what this machine can do; prints totals, latencies and the gateway's
// memory as markdown. Ends with 1 when a request got no answer, a message went out twice, an answer broke a promise,
// or a client never got a final one. The upstream is the sandbox; it, the clients and Redis share the second core.
// Usage: npm run build && node bench/soak.js [minutes=15] [redis|memory]   (redis unless there is no redis-server)
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createClient } from 'redis'
import { benchToken, startGateway } from './measure.js'
import { createClients } from './soak/clients.js'
import { afterWarmUp, residentBytes, sampleAt, slopeOf, watchMemory } from './soak/memory.js'
import { accountOf, createMix, keyOf, numberOf, tenants } from './soak/mix.js'
import { compare, startSandbox } from './soak/upstream.js'
import { freePort, LOAD_CORE, pause, pinSelf, start } from './support/processes.js'
import { print, printMachine, printTable, withComma } from './support/table.js'

const hasRedis = spawnSync('redis-server', ['--version']).status === 0
const [minutes = 15] = process.argv.slice(2, 3).map(Number)
const [, , , kind = hasRedis ? 'redis' : 'memory'] = process.argv
if (!(minutes > 0) || !/^(redis|memory)$/.test(kind)) {
  throw new Error('usage: node bench/soak.js [minutes] [redis|memory]')
}

const LOAD_SHARE = 0.7
/** Of the keyed sends: far from the half at which the breaker of an account opens. */
const FAULT_SHARE = 0.05
const CAPACITY_CLIENTS = 64
/** The first half warms up, the second counts. */
const CAPACITY_MS = 12_000
/** Traffic stops after each, so that what was sent can be counted, and the upstream begins anew. */
const EPOCH_MS = 30_000
const SAMPLE_MS = Math.min(10_000, minutes * 3000)
/** More than these under way: the machine is busy with something else, and the load waits. */
const MAX_UNDER_WAY = 2000
/** Short, so that an upstream that never answers does not hold up the counting. */
const UPSTREAM_TIMEOUT_MS = 3000
/** What the ledger in memory keeps at most (`src/ledger/memory.ts`). */
const LEDGER_CAP = { records: 250_000, bytes: 2 ** 28 }
const MIB = 2 ** 20

pinSelf()
const secret = randomBytes(32)
const unlimited = { writePerMinute: 1_000_000_000, readPerMinute: 1_000_000_000 }

/** Four tenants on two accounts, with limits that no run reaches. */
const config = (baseUrl, ledger) => ({
  upstream: { baseUrl, timeoutMs: UPSTREAM_TIMEOUT_MS },
  ledger,
  accounts: Object.fromEntries(
    ['north', 'south'].map((id) => [id, { token: 'env:BENCH_TOKEN', ...unlimited }]),
  ),
  tenants: Object.fromEntries(
    tenants.map((id) => {
      const sha256 = createHash('sha256').update(keyOf(id)).digest('hex')
      const quotas = { ...unlimited, messagesPerDay: 1_000_000_000, maxConcurrent: 10_000 }
      const keys = [{ id: `key_${id}`, sha256 }]
      return [id, { account: accountOf(id), phoneNumberIds: [numberOf(id)], keys, quotas }]
    }),
  ),
})

async function startRedis() {
  const port = await freePort()
  const child = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    core: LOAD_CORE,
  })
  const client = createClient({ url: `redis://127.0.0.1:${port}` }).on('error', () => {})
  await client.connect()
  return { ...child, url: `redis://127.0.0.1:${port}`, client }
}

const sandbox = await startSandbox()
const redis = kind === 'redis' ? await startRedis() : undefined
const metricsPort = await freePort()
const gateway = await startGateway(
  config(sandbox.baseUrl, redis ? { kind: 'redis', url: 'env:REDIS_URL' } : { kind: 'memory' }),
  {
    env: {
      GATEWAY_SECRET: secret.toString('base64'),
      METRICS_PORT: String(metricsPort),
      ...(redis && { REDIS_URL: redis.url }),
    },
  },
)

/** Messages that went out, those that did so more than once, and every contradiction between the two sides. */
const sent = { messages: 0, duplicates: 0, contradictions: [] }
let heldBack = 0

/** Waits for the clients under way, counts what was sent, and lets upstream and Redis begin anew. */
async function endEpoch(clients, mix) {
  while (clients.underWay() > 0) await pause(20)
  const counted = compare(await sandbox.stats(), clients.outcomes(), secret)
  sent.messages += counted.messages
  sent.duplicates += counted.duplicates
  sent.contradictions.push(...counted.contradictions)
  clients.forget()
  mix.forget()
  await sandbox.reset()
  await redis?.client.flushAll()
}

/** Requests a second, retries included, that so many clients get answered one after another. */
async function findCapacity() {
  const mix = createMix({ faultShare: 0 })
  const clients = createClients({ origin: gateway.url, token: benchToken, mix })
  const end = performance.now() + CAPACITY_MS
  let counting = 0
  const warmUntil = end - CAPACITY_MS / 2
  const client = async () => {
    while (performance.now() < end) {
      await clients.start(mix.next())
      if (performance.now() > warmUntil) counting += 1
    }
  }
  await Promise.all(Array.from({ length: CAPACITY_CLIENTS }, client))
  await endEpoch(clients, mix)
  await clients.close()
  return counting / (CAPACITY_MS / 2000)
}

/** Starts clients at a constant rate until `end`. */
async function drive(clients, mix, perSecond, end) {
  const began = performance.now()
  let started = 0
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; started < due; started += 1) {
      if (clients.underWay() < MAX_UNDER_WAY) void clients.start(mix.next())
      else heldBack += 1
    }
    await pause(2)
  }
}

const capacity = await findCapacity()
const perSecond = Math.floor(capacity * LOAD_SHARE)
print(
  `capacity ${withComma(capacity)} requests/s, driven with ${withComma(perSecond)} for ${minutes} min, ${kind}\n`,
)

const mix = createMix({ faultShare: FAULT_SHARE })
const clients = createClients({ origin: gateway.url, token: benchToken, mix })
const ledgerBytes = () => {
  if (kind !== 'memory') return 0
  const { records, bytes } = clients.kept
  return Math.min(LEDGER_CAP.bytes, bytes, records === 0 ? 0 : (bytes / records) * LEDGER_CAP.records)
}
const began = performance.now()
const memory = watchMemory({
  pid: gateway.pid,
  metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  everyMs: SAMPLE_MS,
  ledgerBytes,
  began,
})
const end = began + minutes * 60_000
while (performance.now() < end && gateway.isRunning()) {
  await drive(clients, mix, perSecond, Math.min(end, performance.now() + EPOCH_MS))
  await endEpoch(clients, mix)
}
const survived = gateway.isRunning()
const samples = survived ? await memory.end() : []
const redisBytes = redis && residentBytes(redis.pid)

const { tally, times, kept } = clients
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`
const ms = (micros) => `${(micros / 1000).toFixed(2)} ms`
const seconds = (performance.now() - began) / 1000

printTable(
  ['', ''],
  [
    ['requests, retries included', withComma(tally.asked)],
    ['answered', withComma(tally.answered)],
    ...[...tally.byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, count]) => [`… ${status}`, withComma(count)]),
    ['messages sent by the upstream', withComma(sent.messages)],
    ['p50, ordinary requests', ms(times.percentile(50))],
    ['p99, ordinary requests', ms(times.percentile(99))],
    ['longest', ms(times.max)],
    ['clients held back, the machine being busy', withComma(heldBack)],
  ],
)

if (survived) {
  const settled = afterWarmUp(samples)
  const slope = (field) => slopeOf(settled.map((one) => [one.seconds, field(one)])).toFixed(1)
  const row = (name, field) => [
    name,
    ...[1 / 3, 2 / 3, 1].map((share) => mib(field(sampleAt(samples, share)))),
    slope(field),
  ]
  printTable(
    ['memory of the gateway', 'at 1/3', 'at 2/3', 'at the end', 'MiB/hour after 1/3'],
    [
      row('resident', ({ resident }) => resident),
      row('heap in use', ({ heap }) => heap),
      ...(kind === 'memory'
        ? [
            row('kept answers in its ledger (reckoned)', ({ ledger }) => ledger),
            row('resident without them', ({ resident, ledger }) => resident - ledger),
          ]
        : []),
    ],
  )
}
if (kind === 'memory') print(`The ledger was given ${withComma(kept.records)} answers to keep.\n`)
if (redisBytes !== undefined)
  print(`Redis, emptied every ${EPOCH_MS / 1000} s: ${mib(redisBytes)} resident at the end.\n`)

const violations = [
  ['unanswered requests', tally.unanswered],
  ['messages sent more than once', Array.from({ length: sent.duplicates }, () => 'see contradictions')],
  ['answers that contradict what was sent', sent.contradictions],
  ['answers that break a promise', tally.wrong],
  ['clients without a final answer', tally.gaveUp],
  ['the gateway ended by itself', survived ? [] : ['yes']],
]
printTable(
  ['must be 0', ''],
  violations.map(([what, found]) => [what, found.length]),
)
for (const [what, found] of violations) for (const one of found.slice(0, 10)) print(`- ${what}: ${one}`)
printMachine(`node bench/soak.js ${minutes} ${kind}`)
print(`${Math.round(seconds)} s in all, drained and counted every ${EPOCH_MS / 1000} s`)

await clients.close()
redis?.client.destroy()
await Promise.all([gateway.stop(), sandbox.stop(), redis?.stop()])
process.exitCode = violations.every(([, found]) => found.length === 0) ? 0 : 1
