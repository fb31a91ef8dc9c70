// What the benches share: an upstream with a canned answer, load by wrk, CPU time from /proc.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const number = '106540352242922'
const key = 'kgw_bench'
const connections = 64

export const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'))

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** The answer of a send, 350 bytes. */
const answer = JSON.stringify({
  data: {
    id: 'msg_01M828270787KX92DJPVC1C7D7',
    object: 'message',
    to: '+14155550123',
    type: 'text',
    created_at: '2026-11-22T18:24:59.911Z',
    conversation_id: 'cnv_AP0YZS4J2R50Z73CB4XXVAXZ0X',
    status: 'queued',
    note: 'x'.repeat(75),
  },
  request_id: 'req_01M82826YEAT17HFQYHE6KK9VA',
})

/** nginx that answers everything with `answer`. */
export async function startUpstream() {
  const port = await freePort()
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${folder}; keepalive_requests 100000000;
  server { listen 127.0.0.1:${port}; default_type application/json; location / { return 200 '${answer}'; } } }`,
  )
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
  return { url: `http://127.0.0.1:${port}/v1`, stop: () => nginx.kill('SIGTERM') }
}

export const benchToken = 'kdv_live_benchbenchbenchbenchbenc'

/** A config whose limits no run reaches. */
export const benchConfig = (baseUrl) => {
  const rates = { writePerMinute: 1_000_000_000, readPerMinute: 1_000_000_000 }
  return {
    upstream: { baseUrl },
    accounts: { acme: { token: 'env:BENCH_TOKEN', ...rates } },
    tenants: {
      bench: {
        account: 'acme',
        phoneNumberIds: [number],
        keys: [{ id: 'key_bench', sha256: createHash('sha256').update(key).digest('hex') }],
        quotas: { ...rates, messagesPerDay: 1_000_000_000, maxConcurrent: 10_000 },
      },
    },
  }
}

const body = JSON.stringify({
  messaging_product: 'whatsapp',
  to: '+14155550123',
  type: 'text',
  text: { body: 'Hello, your order is on its way and should be with you tomorrow. '.padEnd(110, '.') },
})

/** A wrk script; `idempotencyKey` is a Lua expression or undefined. */
const script = (idempotencyKey, bearer = key) => `
local n = 0
local id = ''
init = function() math.randomseed(os.time() + os.clock() * 1000000); id = tostring(math.random(1, 1000000000)) end
request = function()
  n = n + 1
  return wrk.format('POST', '/v1/${number}/messages', {
    ['Authorization'] = 'Bearer ${bearer}',
    ['Content-Type'] = 'application/json',
    ${idempotencyKey === undefined ? '' : `['Idempotency-Key'] = ${idempotencyKey},`}
  }, '${body}')
end`

export const scenarios = {
  'keyed POST': script("id .. '-' .. n"),
  'POST without a key': script(undefined),
  replay: script("'always-the-same'"),
  'unknown key': script("id .. '-' .. n", 'unknown'),
}

/** CPU time of a process in microseconds; the kernel counts in ticks of 10 ms. */
const cpuMicros = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Loads `url` for `seconds` and gives the CPU of process `pid` per request. */
function measure(url, pid, name, seconds) {
  const path = join(folder, 'scenario.lua')
  writeFileSync(path, scenarios[name])
  const before = cpuMicros(pid)
  const output = execFileSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', path, url], {
    encoding: 'utf8',
  })
  const count = Number(/(\d+) requests in/.exec(output)?.[1])
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0)
  return { micros: (cpuMicros(pid) - before) / count, perSecond: count / seconds, failed }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

export const until = async (condition) => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the server did not get ready')
}

/** Interleaved rounds after one that warms up; prints the medians as a markdown table. */
export function report(url, pid, seconds, rounds = 3) {
  const results = new Map(Object.keys(scenarios).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, list] of results) {
      const result = measure(url, pid, name, seconds)
      if (round > 0) list.push(result)
    }
  }
  process.stdout.write('| | CPU µs per request | requests/s | not 2xx |\n|---|---|---|---|\n')
  for (const [name, list] of results) {
    const micros = median(list.map((one) => one.micros)).toFixed(1)
    const perSecond = Math.round(median(list.map((one) => one.perSecond)))
    const failed = list.reduce((sum, one) => sum + one.failed, 0)
    process.stdout.write(`| ${name} | ${micros} | ${perSecond} | ${failed} |\n`)
  }
}

export const cleanUp = () => rmSync(folder, { recursive: true, force: true })
