// CPU of the gateway per request: wrk (64 connections) → gateway (built output) → nginx with a canned answer.
// Prints a markdown table; figures are the medians of three interleaved rounds. Needs wrk and nginx.
// Usage: npm run build && node bench/keyed-post.js [seconds per round]
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const seconds = Number(process.argv[2] ?? 5)
const rounds = 3
const connections = 64
const number = '106540352242922'
const key = 'kgw_bench'
const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'))
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
const [upstreamPort, gatewayPort] = [await freePort(), await freePort()]

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
writeFileSync(
  join(folder, 'nginx.conf'),
  `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${folder}; keepalive_requests 100000000;
  server { listen 127.0.0.1:${upstreamPort}; default_type application/json; location / { return 200 '${answer}'; } } }`,
)
const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })

const big = { writePerMinute: 1_000_000_000, readPerMinute: 1_000_000_000 }
const config = {
  upstream: { baseUrl: `http://127.0.0.1:${upstreamPort}/v1` },
  accounts: { acme: { token: 'env:BENCH_TOKEN', ...big } },
  tenants: {
    bench: {
      account: 'acme',
      phoneNumberIds: [number],
      keys: [{ id: 'key_bench', sha256: createHash('sha256').update(key).digest('hex') }],
      quotas: { ...big, messagesPerDay: 1_000_000_000, maxConcurrent: 10_000 },
    },
  },
}
writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
const gateway = spawn(process.execPath, [main, 'serve'], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    ...process.env,
    BENCH_TOKEN: 'kdv_live_benchbenchbenchbenchbenc',
    GATEWAY_CONFIG: join(folder, 'config.json'),
    GATEWAY_SECRET: randomBytes(32).toString('base64'),
    PORT: String(gatewayPort),
  },
})

const body = JSON.stringify({
  messaging_product: 'whatsapp',
  to: '+14155550123',
  type: 'text',
  text: { body: 'Hello, your order is on its way and should be with you tomorrow. '.padEnd(110, '.') },
})
const request = (keyOf, more = '') => `
local n = 0
local id = ''
function setup(thread) thread:set('id', tostring(thread.addr)) end
init = function() math.randomseed(os.time() + os.clock() * 1000000); id = tostring(math.random(1, 1000000000)) end
request = function()
  n = n + 1
  ${keyOf}
  return wrk.format('POST', '/v1/${number}/messages', {
    ['Authorization'] = 'Bearer ${key}${more}', ['Content-Type'] = 'application/json'${keyOf && ", ['Idempotency-Key'] = key"}
  }, '${body}')
end`
const scenarios = {
  'keyed POST': request("local key = id .. '-' .. n"),
  'POST without a key': request(''),
  replay: request("local key = 'always-the-same'"),
  401: request("local key = id .. '-' .. n", 'x'),
}

/** CPU time of a process in microseconds; the kernel counts in ticks of 10 ms. */
const cpuMicros = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const measure = (script) => {
  const before = cpuMicros(gateway.pid)
  const output = execFileSync(
    'wrk',
    [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      '-s',
      script,
      `http://127.0.0.1:${gatewayPort}`,
    ],
    { encoding: 'utf8' },
  )
  const count = Number(/(\d+) requests in/.exec(output)?.[1])
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0)
  return { micros: (cpuMicros(gateway.pid) - before) / count, perSecond: count / seconds, failed, count }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

try {
  for (let tries = 0; tries < 100; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${gatewayPort}/readyz`).catch(() => undefined)
    if (ready?.ok) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const results = Object.fromEntries(Object.keys(scenarios).map((name) => [name, []]))
  for (const [name, script] of Object.entries(scenarios)) writeFileSync(join(folder, `${name}.lua`), script)
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of Object.keys(scenarios)) {
      const result = measure(join(folder, `${name}.lua`))
      // The first round warms up.
      if (round > 0) results[name].push(result)
    }
  }
  process.stdout.write('| | CPU µs per request | requests/s | not 2xx |\n|---|---|---|---|\n')
  for (const [name, list] of Object.entries(results)) {
    const micros = median(list.map((one) => one.micros)).toFixed(1)
    const perSecond = Math.round(median(list.map((one) => one.perSecond)))
    const failed = list.reduce((sum, one) => sum + one.failed, 0)
    process.stdout.write(`| ${name} | ${micros} | ${perSecond} | ${failed} |\n`)
  }
} finally {
  gateway.kill('SIGTERM')
  nginx.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}
