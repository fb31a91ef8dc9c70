// The sandbox as a process of its own, and what it says was really sent.
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { benchToken, root } from '../measure.js'
import { freePort, LOAD_CORE, start, until } from '../support/processes.js'

export async function startSandbox() {
  const port = await freePort()
  const main = join(root, 'dist', 'cli', 'main.js')
  const limits = ['--write-per-minute', '1000000000', '--read-per-minute', '1000000000']
  const args = [main, 'sandbox', '--port', String(port), '--token', benchToken, ...limits]
  const child = start(process.execPath, args, { core: LOAD_CORE })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/v1/health`).catch(() => undefined))?.ok)
  return {
    ...child,
    baseUrl: `${url}/v1`,
    stats: async () => (await fetch(`${url}/_sandbox/stats`)).json(),
    reset: () => fetch(`${url}/_sandbox/reset`, { method: 'POST' }),
  }
}

/** The key that the gateway derives for the upstream (interface §1), written anew so that no bug is shared. */
export function derivedKey(secret, tenant, key) {
  const part = (text) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(text))
    return Buffer.concat([length, Buffer.from(text)])
  }
  return createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from('v1'), part(tenant), part(key)]))
    .digest('hex')
}

/**
 * Holds what the sandbox has sent against what the clients were told; gives how many messages were sent more than
 * once, and every contradiction.
 */
export function compare(stats, { finals, sentWithoutKey, unclearWithoutKey }, secret) {
  const contradictions = []
  let sent = 0
  for (const { tenant, key, status } of finals) {
    const count = stats.byKey[derivedKey(secret, tenant, key)]?.sent ?? 0
    const expected = status < 300 ? 1 : 0
    sent += count
    if (count !== expected) contradictions.push(`${tenant} ${key}: answered ${status}, sent ${count} times`)
  }
  const others = stats.messagesSent - sent
  if (others < sentWithoutKey || others > sentWithoutKey + unclearWithoutKey) {
    contradictions.push(`${others} sent without a key, ${sentWithoutKey} of them answered with success`)
  }
  return { duplicates: stats.duplicates, messages: stats.messagesSent, contradictions }
}
