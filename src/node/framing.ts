import type { IncomingMessage } from 'node:http'
import { type Failure, failure } from '../domain/errors.ts'
import type { Fields } from './fields.ts'

/**
 * What Node's parser lets through, and RFC 9112 wants refused: another version of HTTP (§2.3), a Host missing,
 * given twice or of no use (§3.2), a transfer coding other than chunked, or in HTTP/1.0 (§6.1).
 */
export function isFaulty(httpVersion: string, { host, hosts, transferEncoding }: Fields): boolean {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true
  if (transferEncoding !== undefined) {
    if (httpVersion === '1.0' || transferEncoding.toLowerCase() !== 'chunked') return true
  }
  if (!host) return hosts > 1 || httpVersion !== '1.0'
  return hosts > 1 || !isHost(host)
}

/** The last that was found good: nearly all callers of a gateway name the same. */
let goodHost = ''

function isHost(text: string): boolean {
  if (text === goodHost) return true
  if (!URL.canParse(`http://${text}`)) return false
  goodHost = text
  return true
}

/**
 * Keeps two keys from being read as one. Node joins them by ", ", and later the end of a value is trimmed:
 * `a` and an empty one would become the key `a,`.
 */
export function keepKeysApart({ headers }: IncomingMessage): void {
  const key = headers['idempotency-key']
  if (typeof key === 'string' && key.endsWith(', ')) headers['idempotency-key'] = `${key}""`
}

export const brokeOff = failure('invalid_request', { message: 'The request broke off before its end.' })

/** What to answer when Node's parser gives up. */
export function parseFailure(error: NodeJS.ErrnoException): Failure {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return failure('headers_too_large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return failure('invalid_request', { message: 'The request did not arrive in time.' })
    case 'HPE_INVALID_EOF_STATE':
      return brokeOff
    default:
      return failure('invalid_request')
  }
}
