import { describe, expect, it } from 'vitest'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { acmeNumber, text } from '../../support/fixture.ts'
import { chunked, healthText, messagesPath, requestText } from '../../support/local-gateway.ts'
import { useLocalGateway } from '../../support/use-local-gateway.ts'

const gateway = useLocalGateway()

/** Sends bytes on a connection of their own, and gives the one answer to them. */
const exchange = async (bytes: string) => {
  const connection = gateway.open()
  connection.send(bytes)
  return connection.answer()
}

describe('bytes that are not HTTP', () => {
  const body = JSON.stringify(text())
  it.each([
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a malformed request line', 'GET\r\nHost: gateway.test\r\n\r\n'],
    ['a request line of HTTP/0.9', 'GET /healthz\r\nHost: gateway.test\r\n\r\n'],
    ['a version of HTTP that is none', healthText({ version: '2.0' })],
    ['a request line without a target', 'GET  HTTP/1.1\r\nHost: gateway.test\r\n\r\n'],
    ['another protocol', 'GET /healthz GOPHER/1.0\r\nHost: gateway.test\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown method', healthText({ method: 'SEND' })],
    ['a header line without a colon', healthText({ lines: ['no colon here'] })],
    ['a header name with a blank', healthText({ lines: ['X-Name : value'] })],
    ['a header value with a NUL', healthText({ lines: ['X-Name: a\0b'] })],
    ['a header value with a DEL', healthText({ lines: ['X-Name: a\x7fb'] })],
    ['a control character in the target', healthText({ target: '/health\x01z' })],
    ['a folded header (obs-fold)', requestText({ lines: ['Idempotency-Key: a', ' b'] })],
    ['line ends without CR', 'GET /healthz HTTP/1.1\nHost: gateway.test\n\n'],
    ['one line end without CR', 'GET /healthz HTTP/1.1\r\nHost: gateway.test\nAccept: */*\r\n\r\n'],
    ['a CR without its LF', 'GET /healthz HTTP/1.1\r\nHost: gateway.test\rX: y\r\n\r\n'],
    [
      'Content-Length and Transfer-Encoding together',
      requestText({ lines: ['Transfer-Encoding: chunked'], body: chunked(body, 10) }),
    ],
    [
      'Transfer-Encoding and Content-Length together',
      requestText({ chunks: 10, lines: [`Content-Length: ${body.length}`] }),
    ],
    ['two different lengths', requestText({ lines: ['Content-Length: 1'] })],
    ['two equal lengths', requestText({ lines: [`Content-Length: ${body.length}`] })],
    ['two lengths in one line', requestText({ body: null, lines: ['Content-Length: 5, 5'] })],
    ['a length with a sign', requestText({ body: null, lines: ['Content-Length: +5'] })],
    ['two transfer codings', requestText({ chunks: 10, lines: ['Transfer-Encoding: chunked'] })],
    ['a transfer coding in disguise', requestText({ chunks: 10, lines: ['Transfer-Encoding: xchunked'] })],
    ['a body line without CR', requestText({ chunks: 10 }).replace('a\r\n', 'a\n')],
    ['a length that is no number', requestText({ body: null, lines: ['Content-Length: 1x'] })],
    ['a negative length', requestText({ body: null, lines: ['Content-Length: -1'] })],
    ['a length that overflows', requestText({ body: null, lines: [`Content-Length: ${'9'.repeat(40)}`] })],
    [
      'a transfer coding that is not chunked',
      requestText({ body: null, lines: ['Transfer-Encoding: gzip'] }),
    ],
    ['a second transfer coding', requestText({ body: null, lines: ['Transfer-Encoding: gzip, chunked'] })],
    ['a transfer coding in HTTP/1.0', requestText({ version: '1.0', chunks: 10 })],
    [
      'a chunk size that is no number',
      requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }).concat('xyz\r\n'),
    ],
    [
      'a chunk that is longer than its size',
      requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }).concat('2\r\nabcd\r\n'),
    ],
  ])('answers %s with invalid_request and ends the connection', async (_, bytes) => {
    const before = gateway.sandbox.stats().requests
    const connection = gateway.open()
    connection.send(bytes)
    const answer = await connection.answer()
    expectError(answer, 400, 'invalid_request')
    expect(answer.headers.get('connection')).toBe('close')
    expect(await connection.rest(), 'one answer to one request').toEqual([])
    expect(gateway.sandbox.stats().requests, 'nothing goes upstream').toBe(before)
  })

  it('answers once when target and body are broken in one breath', async () => {
    const connection = gateway.open()
    const head = requestText({ target: '/v1\\me', body: null, lines: ['Transfer-Encoding: chunked'] })
    connection.send(`${head}xyz\r\n`)
    expectError(await connection.answer(), 400, 'invalid_request')
    expect(await connection.rest()).toEqual([])
  })

  it('is logged without a trace of the bytes', async () => {
    await exchange('SECRETIVE /healthz HTTP/1.1\r\n\r\n')
    expect(gateway.log()).toMatch(
      /"event":"connection_refused","requestId":"req_\w{26}","code":"invalid_request"/,
    )
    expect(gateway.log()).not.toContain('SECRETIVE')
  })

  it('lets go of a client that neither reads on nor hangs up', async () => {
    const connection = gateway.open()
    connection.send('\0')
    expectError(await connection.answer(), 400, 'invalid_request')
    await connection.gone()
  })
})

describe('the Host header', () => {
  it.each([
    ['missing', healthText({ host: null })],
    ['empty', healthText({ host: '' })],
    ['given twice', healthText({ lines: ['Host: gateway.test'] })],
    ['given twice, differently', healthText({ lines: ['host: other.test'] })],
    ['no host', healthText({ host: 'a b' })],
    ['an impossible address', healthText({ host: '999.999.999.999' })],
    ['a port out of range', healthText({ host: 'gateway.test:99999' })],
    ['more than a host', healthText({ host: 'gateway.test/v1/me?' })],
    ['a host with a user', healthText({ host: 'user:pass@gateway.test' })],
  ])('is refused when it is %s', async (_, bytes) => {
    expectError(await exchange(bytes), 400, 'invalid_request')
  })

  it.each([
    'gateway.test',
    'GATEWAY.test:80',
    'gateway_test:8787',
    '[::1]:8787',
    '127.0.0.1',
    'xn--bcher-kva.example',
  ])('may be %s', async (host) => {
    expect((await exchange(healthText({ host }))).status).toBe(200)
  })

  it('is refused for a read that goes upstream, too, when no URL can be made of it', async () => {
    const bytes = requestText({ method: 'GET', body: null, host: '999.999.999.999' })
    expectError(await exchange(bytes), 400, 'invalid_request')
  })
})

describe('methods and targets', () => {
  it.each(['PROPFIND', 'TRACE', 'PATCH', 'QUERY', 'M-SEARCH'])(
    'knows %s, and no route that takes it',
    async (method) => {
      const answer = await exchange(requestText({ method, body: null }))
      // Node before version 22 does not know QUERY.
      if (method === 'QUERY' && answer.status === 400) expectError(answer, 400, 'invalid_request')
      else expectError(answer, 405, 'method_not_allowed')
    },
  )

  it('takes an absolute target, whatever host it names', async () => {
    const target = `http://other.test${messagesPath}`
    expectSuccess(await exchange(requestText({ target })))
    expectSuccess(await exchange(requestText({ target, chunks: 7 })))
  })

  it.each([
    ['a backslash', '/v1\\me'],
    ['a backslash in an absolute target', 'http://gateway.test\\@other.test/healthz'],
    ['an absolute target without a host', 'http:///'],
    ['a target that is no path', '*'],
    ['bytes that are not ASCII', '/v1/m\xe9'],
  ])('refuses %s', async (_, target) => {
    expectError(await exchange(requestText({ method: 'GET', target, body: null })), 400, 'invalid_request')
  })

  it.each([
    ['//healthz'],
    ['/healthz/'],
    ['/%'],
    ['/v1/%zz/messages'],
    ['/v1/%00/messages'],
    [`/v1/${acmeNumber}/messages%2f`],
    [`/v1/${acmeNumber}/../../etc/passwd`],
    ['/healthz;x=1'],
    [`/${'x'.repeat(8000)}`],
  ])('knows no %s', async (target) => {
    expectError(await exchange(requestText({ method: 'GET', target, body: null })), 404, 'resource_not_found')
  })

  it('reads the query of a target as it stands', async () => {
    const query = `?limit=1&q=%zz&x='"<>\\^|#fragment`
    const target = `/v1/${acmeNumber}/messages${query}`
    const answer = await exchange(requestText({ method: 'GET', target, body: null }))
    expect(answer.status).toBe(200)
    const [last] = gateway.sandbox.requests(1)
    expect(last?.path).toMatch(/\?limit=1&q=%zz&x=/)
    expect(last?.path).not.toContain('fragment')
  })
})
