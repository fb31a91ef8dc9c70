// Runs what the README's first screen promises: starts the gateway, on Node and in workerd, pastes the printed curl
// line and the README's own request into a shell, and compares the answers with the one that the README shows.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text,
}))
const request = blocks.find(({ text }) => text.startsWith('curl'))?.text
const shown = blocks.find(({ language }) => language === 'json')?.text
const commands = ['npm ci && npm start', 'npm ci && npm test', 'npm run dev:worker']
if (!commands.every((command) => readme.includes(command)) || !request || !shown) {
  throw new Error('the README has lost its commands, its request or its answer')
}

/** The answer's shape: ids and times differ from run to run. */
const shape = (text) =>
  JSON.stringify(JSON.parse(text), (_, value) =>
    typeof value === 'string'
      ? value.replace(/_[0-9A-HJKMNP-TV-Z]{26}$/, '_…').replace(/^\d{4}-\d\d-\d\dT.*Z$/, 'time')
      : value,
  )

/** Starts a server by its npm script, tries out the line it prints and those given, and ends it. */
async function tryOut(script, requests) {
  // npm, its shell and the server are one process group.
  const server = spawn('npm', script, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    const printed = await new Promise((resolve, reject) => {
      let output = ''
      server.stdout.on('data', (chunk) => {
        output += chunk
        const line = /^curl .*\n/m.exec(output)?.[0]
        if (line) resolve(line)
      })
      const fail = (why) => reject(new Error(`npm ${script.join(' ')} ${why}:\n${output}`))
      server.once('exit', () => fail('has ended'))
      setTimeout(() => fail('printed no curl line'), 60_000).unref()
    })
    for (const [what, command] of [['the printed line', printed], ...requests]) {
      const answer = execFileSync('sh', ['-c', command], { encoding: 'utf8' })
      if (shape(answer) !== shape(shown)) throw new Error(`${what} was answered with ${answer}`)
      process.stdout.write(`ok: npm ${script.join(' ')}: ${what}\n`)
    }
  } finally {
    if (server.exitCode === null) process.kill(-server.pid, 'SIGTERM')
  }
  await ended
  process.stdout.write(`ok: npm ${script.join(' ')}: SIGTERM ends it\n`)
}

await tryOut(['start'], [['the request of the README', request]])
await tryOut(['run', 'dev:worker'], [])
