import type { Clock, Entropy } from '../ports.ts'

/** Crockford base32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_CHARACTERS = 10
const RANDOM_CHARACTERS = 16
const POOL_BYTES = RANDOM_CHARACTERS * 256

/** Ids of ULID shape: 48 bits of time, then 80 random bits drawn from a pool of system randomness. */
export function createEntropy(clock: Clock): Entropy {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  let stampedAt = -1
  let stamp = ''

  return {
    id(prefix) {
      const now = clock.now()
      if (now !== stampedAt) {
        stampedAt = now
        stamp = timeText(now)
      }
      if (used === POOL_BYTES) {
        crypto.getRandomValues(pool)
        used = 0
      }
      used += RANDOM_CHARACTERS
      return `${prefix}_${stamp}${eight(pool, used - 16)}${eight(pool, used - 8)}`
    },
    unit: Math.random,
  }
}

/** Eight characters of the alphabet from eight random bytes, five bits of each. */
const eight = (bytes: Uint8Array, at: number): string =>
  pair(bytes, at) + pair(bytes, at + 2) + pair(bytes, at + 4) + pair(bytes, at + 6)

/** All texts of two characters: building from these makes a third of the strings. */
const PAIRS = [...ALPHABET].flatMap((first) => [...ALPHABET].map((second) => first + second))

const pair = (bytes: Uint8Array, at: number): string =>
  PAIRS[(((bytes[at] ?? 0) & 31) << 5) | ((bytes[at + 1] ?? 0) & 31)] ?? ''

function timeText(now: number): string {
  let text = ''
  for (let rest = now, place = 0; place < TIME_CHARACTERS; place += 1) {
    text = ALPHABET.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}
