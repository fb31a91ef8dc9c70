import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/domain/tenant.ts'
import type { UpstreamCall } from '../../../src/domain/upstream.ts'
import { createRequestWriter } from '../../../src/upstream/http1/request-text.ts'
import { get, post } from '../wire.ts'

const write = createRequestWriter(new URL('http://upstream:8080/v1'))

/** What a server of Node reads: every request in the bytes, with its body. */
async function readByNode(text: string, encoding: BufferEncoding) {
  const requests: { line: string; headers: IncomingMessage['rawHeaders']; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, rawHeaders } = request
      requests.push({ line: `${method} ${url}`, headers: rawHeaders, body: Buffer.concat(chunks).toString() })
      response.end()
    })
  })
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, written) => written() })
  server.emit('connection', wire)
  wire.push(Buffer.from(text, encoding))
  wire.push(null)
  await new Promise((resolve) => wire.once('close', resolve))
  return requests
}

describe('a written request', () => {
  it('is read by a server as one request with the headers of the call and no others', async () => {
    const body = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed())
    const segment = fc.stringMatching(/^[a-z0-9_%.?=&-]{1,20}$/)
    const token = fc.stringMatching(/^[!-~]{1,40}$/)
    await fc.assert(
      fc.asyncProperty(body, segment, token, async (sent, path, secret) => {
        const call: UpstreamCall = { ...post, path: `/${path}`, token: new Secret(secret), body: sent }
        const written = write(call)
        if (written === undefined) throw new Error('not written')
        expect(await readByNode(written.text, written.encoding)).toEqual([
          {
            line: `POST /v1/${path}`,
            headers: [
              ...['host', 'upstream:8080', 'connection', 'keep-alive', 'authorization', `Bearer ${secret}`],
              ...[
                'accept',
                'application/json',
                'user-agent',
                'kirim-gateway',
                'x-request-id',
                post.requestId,
              ],
              ...['content-type', 'application/json', 'idempotency-key', post.idempotencyKey],
              ...['content-length', String(Buffer.byteLength(sent))],
            ],
            body: sent,
          },
        ])
      }),
      { numRuns: 200 },
    )
  })

  it('of a GET has no body and says nothing of one', async () => {
    const written = write(get)
    expect(written?.text).not.toMatch(/content-/)
    expect(await readByNode(written?.text ?? '', 'latin1')).toMatchObject([{ body: '' }])
  })

  it.each([
    '\r\nX-Admin: 1',
    '\nX-Admin: 1',
    '\rX-Admin: 1',
    '\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    '\0',
    '\x7f',
    'é',
    '☃',
  ])('does not come about when %j is in its path, token, id or key', (smuggled) => {
    const value = `a${smuggled}b`
    const calls: readonly UpstreamCall[] = [
      { ...post, path: `/${value}` },
      { ...post, token: new Secret(value) },
      { ...post, requestId: value },
      { ...post, idempotencyKey: value },
    ]
    expect(calls.map(write)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('does not come about when a blank would end its path', () => {
    expect(write({ ...post, path: '/a b' })).toBeUndefined()
  })
})
