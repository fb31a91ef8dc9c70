import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_HEAD_BYTES, ResponseParser } from '../../../src/upstream/http1/response-parser.ts'

const MAX_BODY_BYTES = 64

/** Reads `pieces`, and the end after them if it is still needed. */
function read(pieces: readonly string[], ends = false) {
  const parser = new ResponseParser(MAX_BODY_BYTES)
  let progress = 'more'
  for (const piece of pieces) if (progress === 'more') progress = parser.read(piece)
  if (progress === 'more' && ends) progress = parser.end()
  const { status, body, isReusable, fields } = parser
  return { progress, status, body, isReusable, fields: Object.fromEntries(fields) }
}

const response = (head: readonly string[], body = ''): string => [...head, '', body].join('\r\n')
const okWith = (fields: readonly string[], body = ''): string =>
  response(['HTTP/1.1 200 OK', ...fields], body)

describe('a response', () => {
  it('is read with its status, its fields by lower-case name, and its body', () => {
    const text = okWith(['Content-Length: 2', 'X-Empty:', 'X-Blanks: \t a b\t '], '{}')
    expect(read([text])).toEqual({
      progress: 'done',
      status: 200,
      body: '{}',
      isReusable: true,
      fields: { 'content-length': '2', 'x-empty': '', 'x-blanks': 'a b' },
    })
  })

  it('has fields of one name joined', () => {
    expect(read([okWith(['Via: a', 'Content-Length: 0', 'VIA: b'])]).fields.via).toBe('a, b')
  })

  it.each([
    ['its length', okWith(['Content-Length: 3'], 'abc'), false],
    ['its chunks', okWith(['Transfer-Encoding: Chunked'], '1;a="b"\r\na\r\n02\r\nbc\r\n0\r\n\r\n'), false],
    ['the last chunk, with trailers', chunked('3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n'), false],
    ['the end of the line', okWith(['X-A: b'], 'abc'), true],
  ])('ends with %s', (_, text, ends) => {
    expect(read([text], ends)).toMatchObject({ progress: 'done', status: 200, body: 'abc' })
  })

  it.each([
    ['204 No Content', ['Content-Length: 5']],
    ['304 Not Modified', ['Content-Length: 5']],
    ['304 Not Modified', ['Transfer-Encoding: chunked']],
  ])('of status %s has no body, whatever %j says', (status, fields) => {
    expect(read([response([`HTTP/1.1 ${status}`, ...fields])])).toMatchObject({
      progress: 'done',
      body: '',
      isReusable: true,
    })
  })

  it('comes after interim ones', () => {
    const interim = ['HTTP/1.1 100 Continue', 'HTTP/1.1 103 Early Hints\r\nLink: </a>']
    const text = interim.map((head) => `${head}\r\n\r\n`).join('') + okWith(['Content-Length: 1'], 'a')
    expect(read([text])).toMatchObject({ progress: 'done', status: 200, body: 'a' })
  })

  it('is read alike however its bytes are cut', () => {
    const field = fc.constantFrom(
      'Via: a',
      'X-Request-Id: req_1',
      'Connection: close',
      'Keep-Alive: timeout=5',
    )
    const sized = fc.string({ maxLength: MAX_BODY_BYTES }).map(latin1)
    const body = fc.oneof(
      sized.map((text) => ({ how: `Content-Length: ${text.length}`, wire: text, text })),
      fc
        .array(
          sized.filter((text) => text !== ''),
          { maxLength: 3 },
        )
        .map((parts) => {
          const wire = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')
          return { how: 'Transfer-Encoding: chunked', wire: `${wire}0\r\n\r\n`, text: parts.join('') }
        }),
    )
    const cuts = fc.array(fc.nat(400), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(field, { maxLength: 4 }), body, cuts, (fields, { how, wire, text }, at) => {
        fc.pre(text.length <= MAX_BODY_BYTES)
        const whole = okWith([...fields, how], wire)
        const expected = read([whole])
        expect(expected).toMatchObject({ progress: 'done', status: 200, body: text })
        expect(read(cut(whole, at))).toEqual(expected)
        expect(read([...whole])).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a connection', () => {
  it.each([
    ['an ordinary response', okWith(['Content-Length: 0']), true],
    [
      'one that speaks of something else',
      okWith(['Content-Length: 0', 'Connection: keep-alive, closed']),
      true,
    ],
    ['Connection: close', okWith(['Content-Length: 0', 'Connection: close']), false],
    ['close among others', okWith(['Content-Length: 0', 'connection: foo ,\tCLOSE , bar']), false],
    ['HTTP/1.0', response(['HTTP/1.0 200 OK', 'Content-Length: 0']), false],
    ['bytes after the response', `${okWith(['Content-Length: 1'], 'a')}H`, false],
    ['bytes after the last chunk', `${chunked('0\r\n\r\n')}\r\n`, false],
    ['bytes after a 204', 'HTTP/1.1 204 None\r\n\r\na', false],
  ])('after %s may be used again: %3$s', (_, text, isReusable) => {
    expect(read([text])).toMatchObject({ progress: 'done', isReusable })
  })

  it('that ended with its response is not used again', () => {
    expect(read([okWith([], 'abc')], true)).toMatchObject({ progress: 'done', isReusable: false })
  })
})

describe('a response is broken', () => {
  it.each([
    ['is no HTTP, at its first byte', 'S'],
    ['is of another HTTP', 'HTTP/2 200\r\n\r\n'],
    ['has no status', 'HTTP/1.1 \r\n\r\n'],
    ['has a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['has a status below 100', 'HTTP/1.1 099 Low\r\n\r\n'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
    ['announces the end before the answer', 'HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n'],
    ['is interim in HTTP/1.0', 'HTTP/1.0 103 Early Hints\r\n\r\n'],
    ['has a line without a colon', okWith(['nonsense'])],
    ['has a field without a name', okWith([': a'])],
    ['has a blank before the colon', okWith(['Content-Length : 0'])],
    ['folds a line', okWith(['X-A: b', ' c', 'Content-Length: 0'])],
    ['ends a line with a bare LF', okWith(['X-A: b\nContent-Length: 0'])],
    ['has a bare CR in a value', okWith(['X-A: b\rc', 'Content-Length: 0'])],
    ['has a NUL in a value', okWith(['X-A: \0', 'Content-Length: 0'])],
    ['has two lengths', okWith(['Content-Length: 1', 'Content-Length: 2'], 'ab')],
    ['has one length twice', okWith(['Content-Length: 1', 'Content-Length: 1'], 'a')],
    ['has a length with a sign', okWith(['Content-Length: +1'], 'a')],
    ['has a length in hex', okWith(['Content-Length: 0x1'], 'a')],
    ['has an empty length', okWith(['Content-Length:'])],
    ['has a length of bytes that are blank elsewhere', okWith(['Content-Length: 1\xa0'], 'a')],
    ['has a length and chunks', okWith(['Content-Length: 1', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['has a coding before the chunks', okWith(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n')],
    ['has no chunks as its last coding', okWith(['Transfer-Encoding: identity'])],
    ['has chunks in HTTP/1.0', response(['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ])('before its status counts when it %s', (_, text) => {
    expect(read([text])).toMatchObject({ progress: 'broken', status: 0 })
  })

  it.each([
    ['has a chunk without a size', '\r\n'],
    ['has a size of letters', 'zz\r\n'],
    ['has a negative size', '-1\r\na\r\n'],
    ['has a blank before a size', ' 1\r\na\r\n0\r\n\r\n'],
    ['has a chunk longer than its size', '1\r\nab\r\n0\r\n\r\n'],
    ['ends a size with a bare LF', '1\na\r\n0\r\n\r\n'],
    ['has a trailer that is none', '0\r\nnonsense\r\n\r\n'],
    ['has a length in its trailers', '0\r\nContent-Length: 1\r\n\r\n'],
    ['has an overlong size', `${'0'.repeat(17)}\r\n\r\n`],
  ])('with its status known when it %s', (_, body) => {
    expect(read([chunked(body)])).toMatchObject({ progress: 'broken', status: 200 })
  })

  it.each([
    ['length', okWith([`Content-Length: ${MAX_BODY_BYTES + 1}`])],
    ['huge length', okWith([`Content-Length: ${'9'.repeat(15)}`])],
    ['chunk', chunked(`${(MAX_BODY_BYTES + 1).toString(16)}\r\n`)],
    ['sum of chunks', chunked(`20\r\n${'x'.repeat(32)}\r\n21\r\n`)],
    ['rest of the line', okWith([], 'x'.repeat(MAX_BODY_BYTES + 1))],
  ])('as soon as its %s goes over the cap', (_, text) => {
    expect(read([text])).toMatchObject({ progress: 'broken', status: 200 })
  })

  it.each([
    ['head', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(MAX_HEAD_BYTES)}`, 0],
    ['whole head', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`, 0],
    ['size of a chunk', chunked(`1;${'a'.repeat(MAX_HEAD_BYTES)}`), 200],
    ['trailer', chunked(`0\r\nX-A: ${'a'.repeat(MAX_HEAD_BYTES)}`), 200],
    ['many trailers', chunked(`0\r\n${'X-A: aaaaaaaaaaaaaaaa\r\n'.repeat(1000)}`), 200],
  ])('as soon as its %s goes over its cap', (_, text, status) => {
    expect(read([text])).toMatchObject({ progress: 'broken', status })
  })

  it.each([
    ['in its status line', 'HTTP/1.1 2', 0],
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', 0],
    ['after an interim one', 'HTTP/1.1 103 Early Hints\r\n\r\n', 0],
    ['in its body', okWith(['Content-Length: 2'], 'a'), 200],
    ['in a chunk', chunked('2\r\na'), 200],
    ['between chunks', chunked('1\r\na\r\n'), 200],
    ['before the line after its last chunk', chunked('0\r\n'), 200],
  ])('when the other side ends %s', (_, text, status) => {
    expect(read([text])).toMatchObject({ progress: 'more' })
    expect(read([text], true)).toMatchObject({ progress: 'broken', status })
  })
})

function chunked(body: string): string {
  return okWith(['Transfer-Encoding: chunked'], body)
}

/** `text` as bytes, one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1').slice(0, MAX_BODY_BYTES)
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...at.filter((place) => place < text.length).sort((a, b) => a - b), text.length]
  return places.slice(1).map((place, nth) => text.slice(places[nth], place))
}
