// CPU of the gateway on Node per request: wrk (64 connections) → gateway (built output) → nginx with a canned answer.
// Prints a markdown table; figures are the medians of three interleaved rounds. Needs wrk and nginx.
// With `redis` as second argument the ledger is a redis-server of its own.
// Usage: npm run build && node bench/keyed-post.js [seconds per round] [memory|redis]
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  benchConfig,
  benchToken,
  cleanUp,
  folder,
  freePort,
  report,
  startUpstream,
  until,
} from './measure.js'

const seconds = Number(process.argv[2] ?? 5)
const upstream = await startUpstream()
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const withRedis = process.argv[3] === 'redis'
const redisPort = await freePort()
const redis =
  withRedis &&
  spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  })
const ledger = withRedis ? { kind: 'redis', url: 'env:REDIS_URL' } : { kind: 'memory' }
writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...benchConfig(upstream.url), ledger }))
const gateway = spawn(
  process.execPath,
  [fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)), 'serve'],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      BENCH_TOKEN: benchToken,
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      GATEWAY_CONFIG: join(folder, 'config.json'),
      GATEWAY_SECRET: randomBytes(32).toString('base64'),
      PORT: String(port),
    },
  },
)

try {
  await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok)
  report(url, gateway.pid, seconds)
} finally {
  gateway.kill('SIGTERM')
  if (redis) redis.kill('SIGTERM')
  upstream.stop()
  cleanUp()
}
