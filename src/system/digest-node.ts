import { createHmac, createSecretKey, hash } from 'node:crypto'
import type { Digest } from '../ports.ts'

/** Synchronous hashing on Node; `secret` holds the bytes of `GATEWAY_SECRET`. */
export function createNodeDigest(secret: Uint8Array): Digest {
  const key = createSecretKey(secret)
  return {
    sha256: (text) => hash('sha256', text, 'hex'),
    hmac: (bytes) => createHmac('sha256', key).update(bytes).digest('hex'),
  }
}
