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

/**
 * Canonical JSON (RFC 8785): no blanks, members sorted by UTF-16 code units, numbers and strings as
 * ECMAScript prints them. `value` is parsed JSON: finite numbers, well-formed strings.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const record = value as Readonly<Record<string, unknown>>
  let text = ''
  // The default sort compares UTF-16 code units, which is what RFC 8785 §3.2.3 asks for.
  for (const name of Object.keys(record).sort()) {
    const member = record[name]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`
  }
  return `{${text}}`
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
  const parts = [encoder.encode(tenant), encoder.encode(clientKey)]
  const version = encoder.encode('v1')
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, version.length))
  const view = new DataView(bytes.buffer)
  bytes.set(version)
  let at = version.length
  for (const part of parts) {
    view.setUint32(at, part.length)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  return bytes
}
