// The memory ledger without HTTP: CPU of `open` + `settle` with one kept record against a million of them and live ones
// besides, both at their cap, so that every step also drops the oldest record. Needs --expose-gc; prints JSON.
// Usage: node --expose-gc bench/support/ledger-alone.js <kept> <live>
import { source } from './source.js'

const { createMemoryLedger } = await source('ledger/memory.ts')
const { systemClock } = await source('system/clock.ts')

const [kept, live] = process.argv.slice(2).map(Number)
const STEPS = 100_000
const ROUNDS = 5
const ANSWER_BYTES = 350
const LIMIT = 1_000_000_000

const telemetry = { record: () => {} }
const charge = {
  class: 'write',
  tenantPerMinute: LIMIT,
  accountPerMinute: LIMIT,
  maxConcurrent: LIMIT,
  share: { weight: 1, of: 1 },
  message: { perDay: LIMIT },
}
const body = '{"to":"+14155550123"}'
let count = 0

function entry() {
  count += 1
  const key = `bench-${count}`
  const fingerprint = `v1:${key.padStart(64, '0')}`
  const slot = { key, fingerprint, body, waitMs: 30_000 }
  return { account: 'acme', tenant: 'bench', owner: `req_${key}`, leaseMs: 3_600_000, charge, slot }
}

/** A string of its own, as the gateway makes one for every answer. */
const answerBody = () => Buffer.from(String(count).padEnd(ANSWER_BYTES, 'x')).toString('latin1')

function send(ledger) {
  const one = entry()
  if (ledger.open(one).kind !== 'go') throw new Error('the ledger did not let a send go')
  const answer = { status: 200, body: answerBody(), upstreamRequestId: 'req_01M82826YEAT17HFQYHE6KK9VA' }
  ledger.settle(one, { settlement: 'keep', answer, giveBack: false })
}

const create = (maxSettled) =>
  createMemoryLedger({ clock: systemClock, telemetry, maxSettled, maxSettledBytes: 2 ** 40 })

function nanosEach(ledger) {
  const before = process.cpuUsage()
  for (let step = 0; step < STEPS; step += 1) send(ledger)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / STEPS
}

function bytesUsed() {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const small = create(1)
const large = create(kept)
nanosEach(small)
globalThis.gc()
const before = bytesUsed()
for (let step = 0; step < kept; step += 1) send(large)
globalThis.gc()
const perRecord = (bytesUsed() - before) / kept - ANSWER_BYTES
for (let step = 0; step < live; step += 1) large.open(entry())

const rounds = { small: [], large: [] }
for (let round = 0; round <= ROUNDS; round += 1) {
  const figures = { small: nanosEach(small), large: nanosEach(large) }
  if (round > 0) for (const size of ['small', 'large']) rounds[size].push(figures[size])
}
process.stdout.write(JSON.stringify({ ...rounds, perRecord }))
