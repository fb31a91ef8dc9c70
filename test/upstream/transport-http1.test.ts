import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { MAX_ANSWER_BYTES } from '../../src/upstream/headers.ts'
import { connectTo, get, hangUp, http, listen, ok, post, type Serve, TOKEN, within } from './wire.ts'

/** Far more than any test here takes. */
const AMPLE_MS = 10_000

const start = async (serve: Serve, path = '/v1') => {
  const wire = await listen(serve)
  return { wire, transport: connectTo(`http://127.0.0.1:${wire.port}${path}`) }
}

/** What comes of a POST that is answered with exactly these bytes, which may close the line. */
const answeredWith = async (bytes: string | Buffer, end = false) => {
  const { transport } = await start(({ socket }) => (end ? socket.end(bytes) : socket.write(bytes)))
  return within(transport, AMPLE_MS)
}

describe('the HTTP/1.1 transport', () => {
  afterEach(hangUp)

  describe('on the wire', () => {
    it('writes a POST with the path of the base URL and no header but the listed ones', async () => {
      const { wire, transport } = await start(({ socket }) => socket.write(ok()))
      await within(transport, AMPLE_MS)
      expect(wire.requests).toEqual([
        [
          'POST /v1/106540352242922/messages HTTP/1.1',
          `host: 127.0.0.1:${wire.port}`,
          'connection: keep-alive',
          `authorization: Bearer ${TOKEN}`,
          'accept: application/json',
          'user-agent: kirim-gateway',
          'x-request-id: req_01J9ZK3V5QW8R2T4Y6B7C8D9EF',
          'content-type: application/json',
          `idempotency-key: ${'ab'.repeat(32)}`,
          'content-length: 15',
          '',
          '{"type":"text"}',
        ].join('\r\n'),
      ])
    })

    it('writes a GET with its query and without body headers or key', async () => {
      const { wire, transport } = await start(({ socket }) => socket.write(ok()))
      await within(transport, AMPLE_MS, get)
      expect(wire.requests).toEqual([
        [
          'GET /v1/106540352242922/messages?limit=5 HTTP/1.1',
          `host: 127.0.0.1:${wire.port}`,
          'connection: keep-alive',
          `authorization: Bearer ${TOKEN}`,
          'accept: application/json',
          'user-agent: kirim-gateway',
          'x-request-id: req_01J9ZK3V5QW8R2T4Y6B7C8D9EF',
          '',
          '',
        ].join('\r\n'),
      ])
    })

    it.each([
      ['', '/106540352242922/messages'],
      ['/', '/106540352242922/messages'],
      ['/v1', '/v1/106540352242922/messages'],
      ['/v1/', '/v1/106540352242922/messages'],
      ['/a/b', '/a/b/106540352242922/messages'],
    ])('below the base path "%s" asks for %s', async (path, target) => {
      const { wire, transport } = await start(({ socket }) => socket.write(ok()), path)
      await within(transport, AMPLE_MS)
      expect(wire.requests[0]?.split(' ')[1]).toBe(target)
    })

    it('counts the body in UTF-8 bytes', async () => {
      const { wire, transport } = await start(({ socket }) => socket.write(ok()))
      const body = '{"text":"Grüße 😀"}'
      await within(transport, AMPLE_MS, { ...post, body })
      expect(wire.requests[0]).toContain(`content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    })

    it('reuses a socket for calls that follow each other', async () => {
      const { wire, transport } = await start(({ socket }) => socket.write(ok()))
      for (let call = 0; call < 20; call += 1) await within(transport, AMPLE_MS)
      expect(wire.requests).toHaveLength(20)
      // A call that starts in the very turn in which the last one ended may find its socket not yet free.
      expect(wire.lines.length).toBeLessThanOrEqual(2)
    })

    it('gives each of 200 calls at once its own answer', async () => {
      const { wire, transport } = await start(({ socket }, request) => {
        const [, body = ''] = request.split('\r\n\r\n')
        setTimeout(() => socket.write(http('200 OK', body)), Number(JSON.parse(body).nth) % 7)
      })
      const bodies = Array.from({ length: 200 }, (_, nth) => JSON.stringify({ nth }))
      const results = await Promise.all(bodies.map((body) => within(transport, AMPLE_MS, { ...post, body })))
      expect(results.map((result) => result.kind === 'answered' && result.body)).toEqual(bodies)
      expect(wire.requests).toHaveLength(200)
    })
  })

  describe('reading an answer', () => {
    it('gives status, body and the four headers that the gateway reads', async () => {
      const bytes = http('202 Accepted', '{"data":{"id":"msg_1"}}', [
        'X-Request-Id: req_up',
        'Retry-After: 7',
        'Idempotent-Replayed: true',
        'X-RateLimit-Remaining: 3',
        'Set-Cookie: a=b',
      ])
      expect(await answeredWith(bytes)).toEqual({
        kind: 'answered',
        status: 202,
        headers: { requestId: 'req_up', retryAfter: '7', replayed: 'true', tokensLeft: 3 },
        body: '{"data":{"id":"msg_1"}}',
      })
    })

    it.each([301, 302, 303, 307, 308])('does not follow a %s', async (status) => {
      const { wire, transport } = await start(({ socket }) =>
        socket.write(http(`${status} Moved`, '', [`Location: http://127.0.0.1:${wire.port}/elsewhere`])),
      )
      expect(await within(transport, AMPLE_MS)).toMatchObject({ kind: 'answered', status })
      expect(wire.requests).toHaveLength(1)
    })

    it('joins the chunks of a chunked answer, also inside a character', async () => {
      const { transport } = await start(async ({ socket }) => {
        const [head, tail] = ['{"t":"', '"}']
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        socket.write(`${head.length.toString(16)}\r\n${head}\r\n2\r\n`)
        const emoji = Buffer.from('😀')
        socket.write(Buffer.concat([emoji.subarray(0, 2), Buffer.from('\r\n2\r\n'), emoji.subarray(2)]))
        setTimeout(() => socket.write(`\r\n${tail.length}\r\n${tail}\r\n0\r\n\r\n`), 5)
      })
      expect(await within(transport, AMPLE_MS)).toMatchObject({ status: 200, body: '{"t":"😀"}' })
    })

    it.each([
      ['an HTTP/1.0 answer without a length', 'HTTP/1.0 200 OK\r\n\r\n{"a":1}', '{"a":1}'],
      ['an HTTP/1.1 answer that ends with the line', 'HTTP/1.1 200 OK\r\n\r\n{"a":1}', '{"a":1}'],
      ['an empty answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
      ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
      ['a 503 page', 'HTTP/1.1 503 Busy\r\nContent-Length: 6\r\n\r\n<html>', '<html>'],
    ])('reads %s', async (_, bytes, body) => {
      expect(await answeredWith(bytes, true)).toMatchObject({ kind: 'answered', body })
    })

    it('drops a byte order mark', async () => {
      expect(await answeredWith(ok('\uFEFF{}'))).toMatchObject({ status: 200, body: '{}' })
    })

    it.each([
      ['that is not UTF-8', http('200 OK', Buffer.from([0x7b, 0xff, 0x7d]))],
      ['that ends inside a character', http('200 OK', Buffer.from('😀').subarray(0, 3))],
      ['that is compressed', http('200 OK', gzipSync('{"data":{}}'), ['Content-Encoding: gzip'])],
      ['of a byte more than the cap', ok('x'.repeat(MAX_ANSWER_BYTES + 1))],
    ])('keeps the status of a 200 with a body %s, and no body', async (_, bytes) => {
      expect(await answeredWith(bytes)).toEqual({
        kind: 'answered',
        status: 200,
        headers: {},
        body: undefined,
      })
    })

    it('reads a body of just the cap', async () => {
      const body = 'x'.repeat(MAX_ANSWER_BYTES)
      const result = await answeredWith(ok(body))
      expect(result.kind === 'answered' && result.body === body).toBe(true)
    })

    it('hangs up on a body that never ends', async () => {
      const { wire, transport } = await start(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        const pour = () => {
          while (!socket.destroyed && socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`)) {}
        }
        socket.on('drain', pour)
        pour()
      })
      expect(await within(transport, AMPLE_MS)).toMatchObject({ status: 200, body: undefined })
      await expect.poll(() => wire.lines[0]?.socket.destroyed).toBe(true)
    })

    it.each([
      ['103 Early Hints', 'Link: </a.css>; rel=preload'],
      ['102 Processing', 'X-A: b'],
      ['100 Continue', 'X-A: b'],
    ])('waits for the final answer after %s', async (status, header) => {
      const bytes = Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${header}\r\n\r\n`), ok('{"a":1}')])
      expect(await answeredWith(bytes)).toMatchObject({ kind: 'answered', status: 200, body: '{"a":1}' })
    })
  })
})
