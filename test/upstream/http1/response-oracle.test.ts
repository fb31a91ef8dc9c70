import { request } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResponseParser } from '../../../src/upstream/http1/response-parser.ts'

interface Read {
  readonly status: number
  /** One character for each byte. */
  readonly body: string
}

/**
 * What the gateway's parser takes `bytes` for, and those it has read: the rest it takes for nothing, and hangs up.
 * Undefined: no whole response.
 */
function readHere(bytes: string): (Read & { readonly used: string }) | undefined {
  const parser = new ResponseParser(1024 * 1024)
  for (let used = 0; used < bytes.length; used += 1) {
    const progress = parser.read(bytes.charAt(used))
    if (progress === 'broken') return undefined
    if (progress === 'done') return { ...outcome(parser), used: bytes.slice(0, used + 1) }
  }
  return parser.end() === 'done' ? { ...outcome(parser), used: bytes } : undefined
}

const outcome = ({ status, body }: ResponseParser): Read => ({ status, body })

/** What the HTTP client of Node takes them for. */
function readByNode(bytes: string): Promise<Read | undefined> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write: (_chunk, _encoding, written) => written(),
    })
    const asking = request({ createConnection: () => wire, headers: { host: 'oracle' } })
    asking.on('error', () => resolve(undefined))
    asking.on('upgrade', () => resolve(undefined))
    asking.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve(undefined))
      response.on('close', () => {
        const body = Buffer.concat(chunks).toString('latin1')
        resolve(response.complete ? { status: response.statusCode ?? 0, body } : undefined)
      })
    })
    asking.end(() => {
      wire.push(Buffer.from(bytes, 'latin1'))
      wire.push(null)
    })
  })
}

/** Responses as they are, and pieces that parsers are known to disagree about. No tab: behind a value, Node takes it for a part of it. */
const whole = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\nX-Request-Id: req_1\r\n\r\n{"a"}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n2\r\n"}\r\n0\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 429 Slow\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\n{}',
  'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{"a"}',
  'HTTP/1.1 204 No Content\r\n\r\n',
]
const pieces = [
  ...[
    '\r\n',
    '\n',
    '\r',
    ' ',

    '\0',
    ':',
    ';',
    ',',
    '0',
    '1',
    '5',
    'f',
    '-',
    '+',
    '"',
    '\x7f',
    '\x80',
    '\xa0',
  ],
  ...['\r\n\r\n', '\n\n', 'Content-Length: 5\r\n', 'Content-Length: 2\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...[
    'Transfer-Encoding: gzip, chunked\r\n',
    'Connection: close\r\n',
    'X: y\r\n',
    ' folded\r\n',
    '0\r\n\r\n',
  ],
  ...[
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 101 No\r\n\r\n',
    '1;a=b\r\n',
    '5\r\n',
  ],
]

describe('what is taken for a whole response', () => {
  it.each(whole)('is read as Node reads it: %j', async (bytes) => {
    expect(readHere(bytes)).toEqual({ ...(await readByNode(bytes)), used: bytes })
  })

  it('is one for Node too, with the same status and body, however the bytes are damaged', async () => {
    const damage = fc.record({ at: fc.nat(200), cut: fc.nat(6), put: fc.constantFrom('', ...pieces) })
    let taken = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...whole),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        async (bytes, damages) => {
          const damaged = damages.reduce(
            (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
            bytes,
          )
          const here = readHere(damaged)
          if (here === undefined) return
          taken += 1
          expect({ ...(await readByNode(here.used)), used: here.used }).toEqual(here)
        },
      ),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(300)
  })
})
