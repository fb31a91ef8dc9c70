/** The header fields that are read before the app, or instead of it. Several of one name are joined by ", ". */
export interface Fields {
  host: string | undefined
  hosts: number
  transferEncoding: string | undefined
  authorization: string | undefined
  contentType: string | undefined
  contentEncoding: string | undefined
  contentLength: string | undefined
  idempotencyKey: string | undefined
  correlationId: string | undefined
  /** The caller expects more than an answer, or wants to speak something else. */
  expectsMore: boolean
}

/**
 * Reads `rawHeaders` (name, value, name, value …) in one pass. Node's own `headers` would drop every
 * Authorization but the first, and a second one must be refused.
 */
export function readFields(rawHeaders: readonly string[]): Fields {
  const fields: Fields = {
    host: undefined,
    hosts: 0,
    transferEncoding: undefined,
    authorization: undefined,
    contentType: undefined,
    contentEncoding: undefined,
    contentLength: undefined,
    idempotencyKey: undefined,
    correlationId: undefined,
    expectsMore: false,
  }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    // By length first: most names need not be looked at.
    switch (name.length) {
      case 4:
        if (is(name, 'host')) {
          fields.host ??= value
          fields.hosts += 1
        }
        break
      case 6:
        if (is(name, 'expect')) fields.expectsMore = true
        break
      case 7:
        if (is(name, 'upgrade')) fields.expectsMore = true
        break
      case 12:
        if (is(name, 'content-type')) fields.contentType = joined(fields.contentType, value)
        else if (is(name, 'x-request-id')) fields.correlationId = joined(fields.correlationId, value)
        break
      case 13:
        if (is(name, 'authorization')) fields.authorization = joined(fields.authorization, value)
        break
      case 14:
        if (is(name, 'content-length')) fields.contentLength = joined(fields.contentLength, value)
        break
      case 15:
        if (is(name, 'idempotency-key')) fields.idempotencyKey = joined(fields.idempotencyKey, value)
        break
      case 16:
        if (is(name, 'content-encoding')) fields.contentEncoding = joined(fields.contentEncoding, value)
        break
      case 17:
        if (is(name, 'transfer-encoding')) fields.transferEncoding = joined(fields.transferEncoding, value)
        break
    }
  }
  return fields
}

const is = (name: string, known: string): boolean => name === known || name.toLowerCase() === known

const joined = (earlier: string | undefined, value: string): string =>
  earlier === undefined ? value : `${earlier}, ${value}`
