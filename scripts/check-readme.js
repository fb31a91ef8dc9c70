// Runs what the README's first screen promises: starts the gateway, pastes the printed curl line and the README's
// own request into a shell, and compares the answers with the one that the README shows.
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
if (!readme.includes('npm ci && npm start') || !readme.includes('npm ci && npm test') || !request || !shown) {
  throw new Error('the README has lost its two commands, its request or its answer')
}

/** The answer's shape: ids and times differ from run to run. */
const shape = (text) =>
  JSON.stringify(JSON.parse(text), (_, value) =>
    typeof value === 'string'
      ? value.replace(/_[0-9A-HJKMNP-TV-Z]{26}$/, '_…').replace(/^\d{4}-\d\d-\d\dT.*Z$/, 'time')
      : value,
  )

const gateway = spawn('npm', ['start'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const printed = await new Promise((resolve, reject) => {
    let output = ''
    gateway.stdout.on('data', (chunk) => {
      output += chunk
      const line = /^curl .*$/m.exec(output)?.[0]
      if (line && output.includes(`${line}\n`)) resolve(line)
    })
    gateway.once('exit', () => reject(new Error(`npm start has ended:\n${output}`)))
    setTimeout(() => reject(new Error(`npm start printed no curl line:\n${output}`)), 60_000).unref()
  })
  for (const [what, command] of [
    ['the printed line', printed],
    ['the request of the README', request],
  ]) {
    const answer = execFileSync('sh', ['-c', command], { encoding: 'utf8' })
    if (shape(answer) !== shape(shown)) throw new Error(`${what} was answered with ${answer}`)
    process.stdout.write(`ok: ${what}\n`)
  }
} finally {
  // npm, its shell and the gateway are one process group.
  if (gateway.exitCode === null) process.kill(-gateway.pid, 'SIGTERM')
}
if (gateway.exitCode === null) await new Promise((resolve) => gateway.once('exit', resolve))
process.stdout.write('ok: SIGTERM ends it\n')
