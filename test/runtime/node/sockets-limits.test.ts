import { describe, expect, it } from 'vitest'
import { MAX_BODY_BYTES, receiveBody, tooLarge } from '../../../src/http/receive.ts'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { text } from '../../support/fixture.ts'
import { healthText, requestText, startLocalGateway } from '../../support/local-gateway.ts'
import { useLocalGateway } from '../../support/use-local-gateway.ts'

const gateway = useLocalGateway()

/** A message whose JSON text is `length` bytes long. */
const messageOf = (length: number): string => {
  const bare = JSON.stringify({ ...text(), padding: '' }).length
  return JSON.stringify({ ...text(), padding: 'x'.repeat(length - bare) })
}

const serves = async (): Promise<void> => {
  const connection = gateway.open()
  connection.send(requestText())
  expectSuccess(await connection.answer())
}

describe('too much', () => {
  it.each([
    ['a header of 20 KB', healthText({ lines: [`X-Long: ${'x'.repeat(20_000)}`] })],
    ['a header of 5 MB', healthText({ lines: [`X-Long: ${'x'.repeat(5_000_000)}`] })],
    ['many headers', healthText({ lines: Array.from({ length: 3000 }, (_, at) => `X-${at}: y`) })],
    ['a target of 20 KB', healthText({ target: `/${'x'.repeat(20_000)}` })],
    ['headers without an end', `GET /healthz HTTP/1.1\r\n${'X-Name: value\r\n'.repeat(5000)}`],
  ])('%s is headers_too_large', async (_, bytes) => {
    const connection = gateway.open()
    connection.send(bytes)
    expectError(await connection.answer(), 431, 'headers_too_large')
    expect(await connection.rest()).toEqual([])
  })

  it('trailers without an end are headers_too_large', async () => {
    const connection = gateway.open()
    const start = requestText({ chunks: 50 }).slice(0, -2)
    connection.send(start + 'X-Name: value\r\n'.repeat(5000))
    expectError(await connection.answer(), 431, 'headers_too_large')
    expect(await connection.rest()).toEqual([])
  })

  it.each([
    ['declared', {}],
    ['chunked', { chunks: 4096 }],
    ['chunked byte by byte', { chunks: 1 }],
  ])('a %s body may be as large as the cap, and not a byte larger', async (_, how) => {
    const fits = gateway.open()
    fits.send(requestText({ body: messageOf(MAX_BODY_BYTES), ...how }))
    expectSuccess(await fits.answer())
    const tooLarge = gateway.open()
    tooLarge.send(requestText({ body: messageOf(MAX_BODY_BYTES + 1), ...how }))
    expectError(await tooLarge.answer(), 413, 'payload_too_large')
  })

  it('a length over the cap is refused before a byte of the body', async () => {
    const connection = gateway.open()
    connection.send(requestText({ body: null, lines: [`Content-Length: ${MAX_BODY_BYTES + 1}`] }))
    expectError(await connection.answer(), 413, 'payload_too_large')
    expect(await connection.rest(), 'the connection ends').toEqual([])
  })

  it('a chunked body without an end is refused at the cap, and the connection ends', async () => {
    const connection = gateway.open()
    connection.send(requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }))
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`
    const writing = setInterval(() => connection.send(chunk), 5)
    try {
      expectError(await connection.answer(), 413, 'payload_too_large')
      expect(await connection.rest()).toEqual([])
    } finally {
      clearInterval(writing)
    }
  })

  it('a chunked body is read no further than the cap', async () => {
    let given = 0
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1024
        controller.enqueue(new Uint8Array(1024))
      },
      cancel() {
        cancelled = true
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect(await receiveBody(new Request('http://gateway.test/', init))).toBe(tooLarge)
    expect(cancelled).toBe(true)
    expect(given).toBeLessThanOrEqual(MAX_BODY_BYTES + 4 * 1024)
  })
})

describe('bodies in pieces', () => {
  it('takes a chunked body of one byte a chunk', async () => {
    const connection = gateway.open()
    connection.send(requestText({ body: messageOf(20_000), chunks: 1 }))
    expectSuccess(await connection.answer())
  })

  it('takes a request that comes byte by byte', async () => {
    const connection = gateway.open()
    for (const byte of requestText()) {
      connection.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expectSuccess(await connection.answer())
  })

  it('takes chunk extensions and trailers, and believes neither', async () => {
    const body = JSON.stringify(text())
    const chunks = `${body.length.toString(16)};ext="x"\r\n${body}\r\n0\r\nAuthorization: Bearer x\r\n\r\n`
    const connection = gateway.open()
    connection.send(requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }) + chunks)
    expectError(await connection.answer(), 415, 'unsupported_media_type')
    const lines = ['Transfer-Encoding: chunked', 'Content-Type: application/json']
    connection.send(requestText({ body: null, lines }) + chunks)
    expectSuccess(await connection.answer())
  })

  it.each([
    ['declared', {}],
    ['chunked', { chunks: 10 }],
    ['never upgraded', { lines: ['Connection: Upgrade', 'Upgrade: h2c'] }],
  ])('survives a %s body that is cut off in the middle', async (_, how) => {
    const before = gateway.sandbox.stats().messagesSent
    const connection = gateway.open()
    connection.send(requestText(how).slice(0, -20))
    connection.hangUp()
    await connection.rest()
    const half = gateway.open()
    half.send(requestText(how).slice(0, -20))
    half.finish()
    expectError(await half.answer(), 400, 'invalid_request')
    expect(await half.rest()).toEqual([])
    expect(gateway.sandbox.stats().messagesSent, 'half a request sends nothing').toBe(before)
    await serves()
  })

  it('answers once when a request is answered before all of it is there', async () => {
    const connection = gateway.open()
    connection.send(healthText({ lines: ['Content-Length: 10'] }))
    expect((await connection.answer()).status).toBe(200)
    connection.finish()
    expect(await connection.rest()).toEqual([])
  })

  it('is not held up at its end by bodies that broke off', async () => {
    const other = await startLocalGateway()
    for (const bytes of [
      requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }).concat('xyz\r\n'),
      requestText({ chunks: 10 }).slice(0, -20),
      requestText().slice(0, -20),
    ]) {
      const connection = other.open()
      connection.send(bytes)
      connection.finish()
      expectError(await connection.answer(), 400, 'invalid_request')
    }
    const began = performance.now()
    await other.close()
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
