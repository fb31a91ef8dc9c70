import { createHash, hash } from 'node:crypto'
import type { Digest } from '../ports.ts'

/** Block and digest size of SHA-256 in bytes. */
const BLOCK = 64
const SIZE = 32
/** Longer messages than any derived key needs are hashed from a buffer of their own. */
const ROOM = 2048

/**
 * Synchronous hashing on Node; `secret` holds the bytes of `GATEWAY_SECRET`. HMAC is that of RFC 2104 §2 from two
 * one-shot hashes over blocks prepared once: `createHmac` makes a native object per call, which costs twice that
 * and gives the garbage collector its work.
 */
export function createNodeDigest(secret: Uint8Array): Digest {
  const key = secret.length > BLOCK ? createHash('sha256').update(secret).digest() : secret
  const inner = Buffer.alloc(BLOCK + ROOM, 0x36)
  const outer = Buffer.alloc(BLOCK + SIZE, 0x5c)
  key.forEach((byte, at) => {
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  })
  const innerOf = (bytes: Uint8Array): Buffer => {
    if (bytes.length > ROOM) return Buffer.concat([inner.subarray(0, BLOCK), bytes])
    inner.set(bytes, BLOCK)
    return inner.subarray(0, BLOCK + bytes.length)
  }
  return {
    sha256: (text) => hash('sha256', text, 'hex'),
    hmac(bytes) {
      outer.write(hash('sha256', innerOf(bytes), 'hex'), BLOCK, 'hex')
      return hash('sha256', outer, 'hex')
    },
  }
}
