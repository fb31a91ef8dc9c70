import { createHmac, hash } from 'node:crypto'
import type { Digest } from '../src/ports.ts'

/** Keys and bodies are the same in most schedules, so each is hashed once for all of them. */
const remembered = (compute: (text: string) => string): ((text: string) => string) => {
  const known = new Map<string, string>()
  return (text) => {
    let value = known.get(text)
    if (value === undefined) {
      if (known.size > 20_000) known.clear()
      value = compute(text)
      known.set(text, value)
    }
    return value
  }
}

const sha256 = remembered((text) => hash('sha256', text, 'hex'))
const hmac = remembered((text) =>
  createHmac('sha256', 'the secret of the simulator').update(text, 'latin1').digest('hex'),
)

/** SHA-256 and HMAC as the gateway has them on Node. */
export const digest: Digest = {
  sha256,
  hmac: (bytes) => hmac(String.fromCharCode(...bytes)),
}
