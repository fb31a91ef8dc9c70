// Starts the Worker in a local workerd in front of a local sandbox, and prints a request that works.
// Usage: npm run dev:worker [port]
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const port = process.argv[2] ?? '8788'
const root = fileURLToPath(new URL('..', import.meta.url))
const { serveSandbox } = await import('../dist/sandbox/serve.js')
const { demoConfig, demoCurl, demoVariables } = await import('../dist/node/demo.js')

const sandbox = await serveSandbox()
const folder = mkdtempSync(join(tmpdir(), 'gateway-dev-'))
const variables = {
  ...demoVariables,
  GATEWAY_CONFIG: demoConfig(sandbox.baseUrl),
  GATEWAY_SECRET: randomBytes(32).toString('base64'),
}
const file = join(folder, 'dev.vars')
writeFileSync(
  file,
  Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join(''),
  { mode: 0o600 },
)

const wrangler = spawn(
  process.execPath,
  [
    join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js'),
    ...[
      'dev',
      '--local',
      '--ip',
      '127.0.0.1',
      '--port',
      port,
      '--env-file',
      file,
      '--show-interactive-dev-session=false',
    ],
    ...['--persist-to', join(folder, 'state')],
  ],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  },
)
wrangler.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  if (!String(chunk).includes('Ready on')) return
  process.stdout.write(
    `\nThe Worker runs in front of a sandbox. Try it:\n\n${demoCurl(`http://127.0.0.1:${port}`)}\n\n`,
  )
})
wrangler.once('exit', async (code) => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
  process.exit(code ?? 0)
})
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => wrangler.kill('SIGTERM'))
