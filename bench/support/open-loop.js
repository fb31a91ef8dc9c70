// Load at a constant rate, whatever the answers do: no request waits for another one's answer, so a stall shows
// in every request that was due while it lasted. One process of node: its own cost is in the figures of the upstream
// asked directly, which are subtracted.
import { createConnection } from 'node:net'
import { body, key, sendPath } from '../measure.js'
import { percentile } from './table.js'

const OPEN_AT_START = 32

/** The bytes of a keyed send to `target`. */
function requestTo(target, idempotencyKey) {
  const text = target.body ?? body
  return [
    `POST ${target.path ?? sendPath} HTTP/1.1`,
    `Host: ${new URL(target.url).host}`,
    `Authorization: Bearer ${target.bearer ?? key}`,
    'Content-Type: application/json',
    `Idempotency-Key: ${idempotencyKey}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ].join('\r\n')
}

/** Whether `text` is a whole answer. */
function isWhole(text) {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= head + 4 + Number(length)
}

/** A keep-alive connection; `ask` calls back with the answer's text, or with undefined when it broke off. */
function connect({ hostname, port }) {
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true })
  let text = ''
  let answered
  const finish = (whole) => {
    const tell = answered
    answered = undefined
    text = ''
    tell?.(whole)
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    if (isWhole(text)) finish(text)
  })
  socket.on('error', () => {}).on('close', () => finish(undefined))
  return {
    isOpen: () => !socket.destroyed,
    ask(bytes, tell) {
      answered = tell
      socket.write(bytes)
    },
    close: () => socket.destroy(),
  }
}

/**
 * Sends `perSecond` keyed requests a second for `seconds`; a request is timed from its first written byte.
 * `expect`: what every answer must begin with. Gives sorted milliseconds, and how late the driver itself was at most.
 */
export async function openLoop(target, { perSecond, seconds, expect = 'HTTP/1.1 200' }) {
  const address = new URL(target.url)
  const run = `${Date.now().toString(36)}-${Math.floor(Math.random() * 2 ** 32).toString(36)}`
  const total = Math.round(perSecond * seconds)
  const connections = Array.from({ length: OPEN_AT_START }, () => connect(address))
  const idle = [...connections]
  const times = []
  const failures = []
  let sent = 0
  let latest = 0

  const began = performance.now()
  const deadline = began + seconds * 1000 + 30_000
  const send = (due) => {
    let connection = idle.pop()
    while (connection !== undefined && !connection.isOpen()) connection = idle.pop()
    if (connection === undefined) {
      connection = connect(address)
      connections.push(connection)
    }
    const bytes = requestTo(target, `${run}-${sent}`)
    sent += 1
    const at = performance.now()
    latest = Math.max(latest, at - due)
    connection.ask(bytes, (text) => {
      times.push(performance.now() - at)
      if (!text?.startsWith(expect)) failures.push(text?.slice(0, 200) ?? 'the connection broke off')
      if (text !== undefined) idle.push(connection)
    })
  }
  while (times.length < total && performance.now() < deadline) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond))
    while (sent < due) send(began + (sent / perSecond) * 1000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  for (const connection of connections) connection.close()
  if (times.length < total) throw new Error(`${target.name}: ${total - times.length} requests got no answer`)
  if (failures.length > 0) throw new Error(`${target.name}: ${failures.length} failed: ${failures[0]}`)
  times.sort((a, b) => a - b)
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), longest: times.at(-1), latest }
}
