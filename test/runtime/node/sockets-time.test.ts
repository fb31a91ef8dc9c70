import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Listening, listen } from '../../../src/node/listen.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { createEntropy } from '../../../src/system/entropy.ts'
import { expectError } from '../../support/envelope.ts'
import { healthText, requestText } from '../../support/local-gateway.ts'
import { closeConnections, openConnection } from '../../support/raw-http.ts'
import { createRecorder } from '../../support/recorder.ts'

/** More than the kernel takes in for a client that does not read. */
const LARGE_BYTES = 60_000_000

describe('clients that take their time', () => {
  let server: Listening
  const recorder = createRecorder()
  const open = () => openConnection(Number(new URL(server.url).port))
  beforeAll(async () => {
    server = await listen({
      host: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        const { pathname } = new URL(request.url)
        if (pathname === '/breaks') throw new Error('a secret of the inside')
        if (pathname === '/large') return Response.json('x'.repeat(LARGE_BYTES))
        const body = pathname === '/reads' ? await request.text().catch(() => 'broke off') : 'not read'
        return Response.json({ body })
      },
      entropy: createEntropy(systemClock),
      telemetry: recorder,
      headersTimeoutMs: 150,
      requestTimeoutMs: 300,
      idleTimeoutMs: 1500,
      answerTimeoutMs: 1000,
    })
  })
  afterEach(closeConnections)
  afterAll(() => server.close(0))

  const upload = (target: string) => requestText({ target, body: null, lines: ['Content-Length: 10'] })

  it.each([
    ['says nothing', ''],
    ['does not end its headers', 'GET / HTTP/1.1\r\nHost: gateway.test\r\n'],
    ['does not end its body', `${upload('/reads')}12345`],
    [
      'does not begin its chunked body',
      requestText({ target: '/reads', chunks: 10 }).replace(/\r\n\r\n.*/s, '\r\n\r\n'),
    ],
  ])('is told so and let go when it %s', async (_, bytes) => {
    const connection = open()
    connection.send(bytes)
    const answer = await connection.answer()
    expect(expectError(answer, 400, 'invalid_request').message).toBe('The request did not arrive in time.')
    expect(await connection.rest()).toEqual([])
    await connection.gone()
    expect(recorder.of('connection_refused').at(-1)?.code).toBe('invalid_request')
  })

  it('is let go without a second answer when its request was answered before its end', async () => {
    const connection = open()
    connection.send(`${upload('/ignores')}12345`)
    expect((await connection.answer()).status).toBe(200)
    expect(await connection.rest()).toEqual([])
  })

  it.each([
    ['its headers', 'GET / HTTP/1.1\r\nX-Name: ', 'x'],
    ['its body', `${requestText({ target: '/reads', body: null, lines: ['Content-Length: 99999'] })}`, 'x'],
    [
      'its chunks',
      requestText({ target: '/reads', body: null, lines: ['Transfer-Encoding: chunked'] }),
      '1\r\nx\r\n',
    ],
  ])('gains no time by sending %s drop by drop', async (_, start, drop) => {
    const connection = open()
    connection.send(start)
    const dripping = setInterval(() => connection.send(drop), 20)
    try {
      const answer = await connection.answer()
      expect(expectError(answer, 400, 'invalid_request').message).toBe('The request did not arrive in time.')
      expect(await connection.rest()).toEqual([])
    } finally {
      clearInterval(dripping)
    }
  })

  it('is let go when it does not read its answer', async () => {
    const connection = open()
    connection.pause()
    connection.send(healthText({ target: '/large' }))
    await connection.gone()
  })

  it('gets its answer whole when it begins to read in time', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(healthText({ target: '/large', lines: ['Connection: close'] }))
    await new Promise((resolve) => setTimeout(resolve, 300))
    let received = 0
    for await (const bytes of socket) received += (bytes as Buffer).length
    expect(received).toBeGreaterThan(LARGE_BYTES)
  })

  it('is let go when it has been idle for long', async () => {
    const connection = open()
    connection.send(healthText())
    expect((await connection.answer()).status).toBe(200)
    expect(await connection.rest()).toEqual([])
    await connection.gone()
  })

  it('may idle between two requests for longer than a request may take', async () => {
    const connection = open()
    connection.send(healthText())
    expect((await connection.answer()).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 700))
    connection.send(healthText())
    expect((await connection.answer()).status).toBe(200)
  })

  it('is told nothing of a fault inside', async () => {
    const connection = open()
    connection.send(healthText({ target: '/breaks' }))
    const { status, headers, body } = await connection.answer()
    expect(status).toBe(500)
    expect(headers.get('gateway-outcome')).toBe('unknown')
    expect(JSON.parse(body).error).toMatchObject({ type: 'api_error', code: 'internal_error' })
    expect(body).not.toContain('a secret of the inside')
  })
})
