/** Texts that are hashed: the fingerprint of a request and the input of its derived upstream key. */

/**
 * Changes when normalisation or canonical form changes meaning; every fingerprint begins with it. Normalising
 * what an earlier version has normalised must give what normalising the caller's body gives (decision 0011).
 */
export const FINGERPRINT_VERSION = 'v1'

/** The fingerprint as records keep it, from the SHA-256 of `fingerprintText`. */
export const fingerprintOf = (sha256: string): string => `${FINGERPRINT_VERSION}:${sha256}`

/** What stands before the colon. */
export const versionOf = (fingerprint: string): string => fingerprint.slice(0, fingerprint.indexOf(':') + 1)

/** Whether a later release than this one has made the fingerprint. */
export const isOfLaterRelease = (fingerprint: string): boolean =>
  Number.parseInt(versionOf(fingerprint).slice(1), 10) > Number.parseInt(FINGERPRINT_VERSION.slice(1), 10)

/**
 * Canonical JSON (RFC 8785): no blanks, members sorted by UTF-16 code units, numbers and strings as
 * ECMAScript prints them. `value` is parsed JSON: finite numbers, well-formed strings.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const record = value as Readonly<Record<string, unknown>>
  let text = ''
  for (const name of sortedNames(record)) {
    const member = record[name]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${quoted(name)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

/** Field names, which are few, need no escapes. */
const quoted = (name: string): string => (/^\w+$/.test(name) ? `"${name}"` : JSON.stringify(name))

/** Past this, insertion would take longer than a sort. */
const FEW = 12

/** Sorted by UTF-16 code units, as RFC 8785 §3.2.3 asks for and both `<` and the default sort do. */
function sortedNames(record: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(record)
  if (names.length > FEW) return names.sort()
  for (let end = 1; end < names.length; end += 1) {
    const name = names[end] as string
    let at = end
    for (; at > 0 && (names[at - 1] as string) > name; at -= 1) names[at] = names[at - 1] as string
    names[at] = name
  }
  return names
}

/** The text whose SHA-256 is the fingerprint; `canonicalBody` is the normalised body in canonical form. */
export const fingerprintText = (method: string, path: string, canonicalBody: string): string =>
  `${FINGERPRINT_VERSION}\n${method}\n${path}\n${canonicalBody}`

const encoder = new TextEncoder()

/**
 * The bytes whose HMAC-SHA256 under `GATEWAY_SECRET` is the derived key: `"v1"`, then for tenant id and
 * client key each a 4-byte big-endian length and the UTF-8 bytes. Lengths keep ("a", "bc") and ("ab", "c") apart.
 */
export function derivedKeyBytes(tenant: string, clientKey: string): Uint8Array {
  // No text takes more than three bytes of UTF-8 for a UTF-16 unit.
  const bytes = new Uint8Array(VERSION.length + 2 * LENGTH_BYTES + 3 * (tenant.length + clientKey.length))
  bytes.set(VERSION)
  const end = writeText(bytes, writeText(bytes, VERSION.length, tenant), clientKey)
  return bytes.subarray(0, end)
}

const VERSION = encoder.encode('v1')
const LENGTH_BYTES = 4

/** Writes length and text at `at`; gives the end. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  const start = at + LENGTH_BYTES
  const { written } = encoder.encodeInto(text, bytes.subarray(start))
  bytes[at] = written >>> 24
  bytes[at + 1] = written >>> 16
  bytes[at + 2] = written >>> 8
  bytes[at + 3] = written
  return start + written
}
