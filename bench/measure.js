// What the benches share: an upstream with a canned answer, a config, and the built gateway as a process.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folder, freePort, LOAD_CORE, MEASURED_CORE, needs, start, until } from './support/processes.js'

export const number = '106540352242922'
/** Sends through this number get a 200 that cannot be read: their records stay open. */
export const unreadableNumber = '888888888888888'
export const key = 'kgw_bench'
/** Of a tenant that is always over its limit. */
export const spentKey = 'kgw_bench_spent'
export const benchToken = 'kdv_live_benchbenchbenchbenchbenc'

/** Tells this run's upstream from anything else that might answer. */
export const marker = randomBytes(8).toString('hex')

const padded = (value, bytes, pad) => {
  const missing = bytes - Buffer.byteLength(JSON.stringify(value('')))
  return JSON.stringify(value(pad.repeat(missing)))
}

/** The answer of a send, 350 bytes. */
export const answer = padded(
  (note) => ({
    data: {
      id: 'msg_01M828270787KX92DJPVC1C7D7',
      object: 'message',
      to: '+14155550123',
      type: 'text',
      created_at: '2026-11-22T18:24:59.911Z',
      conversation_id: 'cnv_AP0YZS4J2R50Z73CB4XXVAXZ0X',
      status: 'queued',
      note: `${marker} ${note}`,
    },
    request_id: 'req_01M82826YEAT17HFQYHE6KK9VA',
  }),
  350,
  'x',
)

/** The body of a send, 200 bytes. */
export const body = padded(
  (rest) => ({
    messaging_product: 'whatsapp',
    to: '+14155550123',
    type: 'text',
    text: { body: `Hello, your order is on its way and should be with you tomorrow${rest}` },
  }),
  200,
  '.',
)

/** A chat completion of 200 bytes, for gateways to language models. */
export const chatBody = padded(
  (rest) => ({
    model: 'bench',
    messages: [
      { role: 'user', content: `Hello, is my order on its way, and will it be here tomorrow${rest}` },
    ],
  }),
  200,
  '?',
)

export const sendPath = `/v1/${number}/messages`

/**
 * nginx that answers everything with `answer`: at `url` at once, at `delayedUrl` after `delayMs`.
 * `seen()` is how many requests it has answered, this question not counted.
 */
export async function startUpstream({ delayMs = 0 } = {}) {
  needs('nginx')
  const [port, delayedPort] = [await freePort(), await freePort()]
  const echo = '/usr/lib/nginx/modules/ngx_http_echo_module.so'
  if (delayMs > 0 && !existsSync(echo)) throw new Error('not installed: libnginx-mod-http-echo (apt)')
  const delayed = `server { listen 127.0.0.1:${delayedPort};
    location @answer { return 200 '${answer}'; }
    location / { echo_read_request_body; echo_sleep ${delayMs / 1000}; echo_exec @answer; } }`
  const config = join(folder, `upstream-${port}.conf`)
  writeFileSync(
    config,
    `${delayMs > 0 ? `load_module ${echo};` : ''}
daemon off; worker_processes 1; pid ${folder}/upstream-${port}.pid; error_log ${folder}/error.log;
events { worker_connections 16384; }
http { access_log off; client_body_temp_path ${folder}; keepalive_requests 100000000; default_type application/json;
  server { listen 127.0.0.1:${port};
    location = /seen { stub_status; }
    location /v1/${unreadableNumber}/ { return 200 'not JSON'; }
    location / { return 200 '${answer}'; } }
  ${delayMs > 0 ? delayed : ''} }`,
  )
  const nginx = start('nginx', ['-c', config, '-p', folder], { core: LOAD_CORE })
  const origin = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${origin}/seen`).catch(() => undefined))?.ok)
  let asked = 1
  return {
    url: `${origin}/v1`,
    delayedUrl: `http://127.0.0.1:${delayedPort}/v1`,
    async seen() {
      const text = await (await fetch(`${origin}/seen`)).text()
      asked += 1
      return Number(/requests\s+\d+ \d+ (\d+)/.exec(text)?.[1]) - asked
    },
    stop: () => nginx.stop(),
  }
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex')

const unlimited = { writePerMinute: 1_000_000_000, readPerMinute: 1_000_000_000 }

const benchTenant = (account, keys) => ({
  account,
  phoneNumberIds: '*',
  keys: keys.map((text, index) => ({ id: `key_${index}`, sha256: sha256(text) })),
  quotas: { ...unlimited, messagesPerDay: 1_000_000_000, maxConcurrent: 10_000 },
})

/** A config whose limits no run reaches, but for the tenant `spent`: one send a minute. */
export const benchConfig = (baseUrl, ledger = { kind: 'memory' }) => ({
  upstream: { baseUrl },
  ledger,
  accounts: { acme: { token: 'env:BENCH_TOKEN', ...unlimited } },
  tenants: {
    bench: { ...benchTenant('acme', [key]), phoneNumberIds: [number, unreadableNumber] },
    spent: { ...benchTenant('acme', [spentKey]), quotas: { writePerMinute: 1 } },
  },
})

/** The key text `index` of `wideConfig`; a wrk script makes the same ones. */
export const wideKey = (index) => `kgw_bench_${index}`

/** The same with `tenants` tenants of `keysEach` keys on 100 accounts. */
export function wideConfig(baseUrl, tenants, keysEach) {
  const narrow = benchConfig(baseUrl)
  const accounts = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`account_${index}`, narrow.accounts.acme]),
  )
  const wide = Array.from({ length: tenants }, (_, index) => {
    const keys = Array.from({ length: keysEach }, (_, each) => wideKey(index * keysEach + each))
    return [`tenant_${index}`, benchTenant(`account_${index % 100}`, keys)]
  })
  const tenantsById = { ...narrow.tenants, ...Object.fromEntries(wide) }
  return { ...narrow, accounts: { ...narrow.accounts, ...accounts }, tenants: tenantsById }
}

export const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'dist', 'cli', 'main.js')

/** Refuses to measure something else than the sources. */
function checkBuild() {
  const newest = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)
  if (!existsSync(main) || statSync(main).mtimeMs < newest) {
    throw new Error('dist/ is missing or older than src/: run `npm run build`')
  }
}

let configs = 0

/** What a gateway with `config` (undefined: sandbox mode) is started with, on a port of its own. */
export async function gatewayCommand(config, nodeArgs = []) {
  checkBuild()
  const [port, metricsPort] = [await freePort(), await freePort()]
  const env = {
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    LOG_LEVEL: 'info',
    BENCH_TOKEN: benchToken,
  }
  if (config !== undefined) {
    configs += 1
    env.GATEWAY_CONFIG = join(folder, `config-${configs}.json`)
    env.GATEWAY_SECRET = randomBytes(32).toString('base64')
    writeFileSync(env.GATEWAY_CONFIG, JSON.stringify(config))
  }
  return { port, args: [...nodeArgs, main, 'serve'], env }
}

/** Starts the built gateway, all it does turned on: metrics, and a log line for every request (to /dev/null). */
export async function startGateway(config, { nodeArgs = [], core = MEASURED_CORE, env = {} } = {}) {
  const command = await gatewayCommand(config, nodeArgs)
  const child = start(process.execPath, command.args, { core, env: { ...command.env, ...env } })
  const url = `http://127.0.0.1:${command.port}`
  await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok)
  return { ...child, url, port: command.port, configPath: command.env.GATEWAY_CONFIG }
}
