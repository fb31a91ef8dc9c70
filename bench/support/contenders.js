// Everything that can be measured side by side: each is started in front of `baseUrl` as a process of its own.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchConfig, chatBody, root, startGateway } from '../measure.js'
import { folder, freePort, MEASURED_CORE, needs, start, until } from './processes.js'

const bench = join(root, 'bench')
const peers = join(bench, 'peers')

/** The peers have packages of their own, under a lock of their own. */
function installPeers() {
  if (existsSync(join(peers, 'node_modules'))) return
  process.stderr.write('installing bench/peers …\n')
  execFileSync('npm', ['ci', '--prefix', peers, '--no-audit', '--no-fund'], { stdio: 'ignore' })
}

async function startOn(port, command, args, options) {
  const child = start(command, args, { core: MEASURED_CORE, ...options })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(url).catch(() => undefined)) !== undefined)
  return { ...child, url }
}

const script = (path, env) => async (baseUrl) => {
  if (path.startsWith('peers/')) installPeers()
  const port = await freePort()
  const options = { env: { PORT: String(port), UPSTREAM: baseUrl, ...env } }
  return startOn(port, process.execPath, [join(bench, path)], options)
}

async function nginx(baseUrl) {
  needs('nginx')
  const port = await freePort()
  const { host } = new URL(baseUrl)
  const config = join(folder, `proxy-${port}.conf`)
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/proxy-${port}.pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; keepalive_requests 100000000;
  upstream one { server ${host}; keepalive 128; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://one; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
  )
  return startOn(port, 'nginx', ['-c', config, '-p', folder])
}

async function portkey(baseUrl) {
  installPeers()
  const port = await freePort()
  const main = join(peers, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  const child = await startOn(port, process.execPath, [main, `--port=${port}`, '--headless'])
  // What it is for: on Node 20 its relay of other routes fails. Without a key check, without replay.
  return {
    ...child,
    path: '/v1/chat/completions',
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': baseUrl },
    body: chatBody,
  }
}

async function gatewayWithRedis(baseUrl) {
  needs('redis-server')
  const port = await freePort()
  start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { core: 1 })
  const config = benchConfig(baseUrl, { kind: 'redis', url: 'env:REDIS_URL' })
  return startGateway(config, { env: { REDIS_URL: `redis://127.0.0.1:${port}` } })
}

/** By the name on the command line; `title` is what the tables say. */
export const contenders = {
  gateway: { title: '**this gateway**', start: (baseUrl) => startGateway(benchConfig(baseUrl)) },
  nginx: { title: 'nginx `proxy_pass`', start: nginx },
  'bare-node': { title: 'bare `node:http` + undici', start: script('handwritten/bare-node.js') },
  'fastify-undici': { title: 'fastify + undici', start: script('peers/fastify-undici.js') },
  'bare-hono': {
    title: 'bare Hono + undici, key check, zod, replay',
    start: script('handwritten/bare-hono.js'),
  },
  'reply-from': { title: 'fastify + @fastify/reply-from', start: script('peers/fastify-reply-from.js') },
  'plain-hono': {
    title: 'Hono + zod + lru-cache + undici, plainly written',
    start: script('handwritten/plain-hono.js'),
  },
  'http-proxy-3': { title: 'http-proxy-3', start: script('peers/http-proxy-3.js') },
  'http-proxy': { title: '@fastify/http-proxy', start: script('peers/fastify-http-proxy.js') },
  'plain-hono-fetch': {
    title: 'the same Hono with the global fetch',
    start: script('handwritten/plain-hono.js', { CALL: 'fetch' }),
  },
  portkey: { title: '@portkey-ai/gateway', start: portkey },
  /** Only when it is asked for: `redis-server` runs beside the load. */
  'gateway-redis': { title: 'this gateway, Redis ledger', start: gatewayWithRedis, asked: true },
}

/** Starts the contender `name` in front of `baseUrl`. */
export async function startContender(name, baseUrl) {
  const contender = contenders[name]
  if (contender === undefined) {
    throw new Error(`no contender "${name}"; there are ${Object.keys(contenders).join(', ')}`)
  }
  return { name, title: contender.title, ...(await contender.start(baseUrl)) }
}

/** The upstream itself, so that a bench can also ask it directly. */
export const direct = (baseUrl) => ({
  name: 'direct',
  title: 'the upstream directly',
  url: new URL(baseUrl).origin,
})
