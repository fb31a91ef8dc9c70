import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/system/clock.ts'
import { connectTo, get, hangUp, listen, ok, post, type Serve, TOKEN, within } from './wire.ts'

const AMPLE_MS = 10_000
const SHORT_MS = 60

const start = async (serve: Serve) => {
  const wire = await listen(serve)
  return { wire, transport: connectTo(`http://127.0.0.1:${wire.port}/v1`) }
}

const head = (more: string) => `HTTP/1.1 200 OK\r\nX-Request-Id: req_up\r\n${more}\r\n\r\n`
const answeredWithoutBody = {
  kind: 'answered',
  status: 200,
  headers: { requestId: 'req_up' },
  body: undefined,
}

describe('a call that was certainly not sent', () => {
  afterEach(hangUp)

  it('is one to a port where nobody listens', async () => {
    const wire = await listen(() => {})
    await wire.close()
    const transport = connectTo(`http://127.0.0.1:${wire.port}/v1`)
    for (let call = 0; call < 3; call += 1) {
      expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'not_sent', reason: 'cannot_connect' })
    }
  })

  it('is one whose deadline passes while the TLS handshake hangs', async () => {
    const wire = await listen(() => {})
    const transport = connectTo(`https://127.0.0.1:${wire.port}/v1`)
    expect(await within(transport, SHORT_MS)).toEqual({ kind: 'not_sent', reason: 'deadline' })
    expect(wire.lines).toHaveLength(1)
    // The one thing on the wire is the ClientHello (record type 22).
    expect(wire.lines[0]?.received().charCodeAt(0)).toBe(22)
    expect(wire.lines[0]?.received()).not.toContain(TOKEN)
    await wire.close()
    await transport.close()
  })

  it('is one to a server that speaks no TLS', async () => {
    const wire = await listen(
      () => {},
      ({ socket }) => socket.write('220 mail ready\r\n'),
    )
    const transport = connectTo(`https://127.0.0.1:${wire.port}/v1`)
    expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'not_sent', reason: 'cannot_connect' })
    expect(wire.lines[0]?.received()).not.toContain(TOKEN)
  })

  it('is one whose deadline passes in the queue behind 1024 others; it is not sent later either', async () => {
    const { wire, transport } = await start(() => {})
    const others = Array.from({ length: 1024 }, () => within(transport, AMPLE_MS, get))
    await expect.poll(() => wire.requests.length).toBe(1024)
    expect(await within(transport, SHORT_MS)).toEqual({ kind: 'not_sent', reason: 'deadline' })
    for (const { socket } of wire.lines) socket.write(ok())
    for (const result of await Promise.all(others)) expect(result).toMatchObject({ status: 200 })
    await transport.close()
    expect(wire.requests).toHaveLength(1024)
    for (const line of wire.lines) expect(line.received()).not.toContain('POST')
  })

  it('is one whose deadline has already passed', async () => {
    const { wire, transport } = await start(({ socket }) => socket.write(ok()))
    await within(transport, AMPLE_MS, get)
    for (const late of [0, 1, 60_000]) {
      expect(await transport.send(post, systemClock.now() - late)).toEqual({
        kind: 'not_sent',
        reason: 'deadline',
      })
    }
    await within(transport, AMPLE_MS, get)
    expect(wire.requests.map((request) => request.split(' ')[0])).toEqual(['GET', 'GET'])
  })

  it('is one on a transport that is closing or closed', async () => {
    const { wire, transport } = await start(({ socket }) => setTimeout(() => socket.write(ok()), 20))
    const running = within(transport, AMPLE_MS, get)
    await expect.poll(() => wire.requests.length).toBe(1)
    const closed = transport.close()
    expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'not_sent', reason: 'connection_closed' })
    expect(await running).toMatchObject({ status: 200 })
    await closed
    expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'not_sent', reason: 'connection_closed' })
    expect(wire.requests).toHaveLength(1)
  })

  it('is never one whose bytes the upstream has seen, wherever it hangs up', async () => {
    const whole = 400
    for (let cut = 0; cut < whole; cut += 10) {
      const wire = await listen(
        () => {},
        (line) =>
          line.socket.on('data', () => {
            if (line.received().length > cut) line.socket.resetAndDestroy()
          }),
      )
      const transport = connectTo(`http://127.0.0.1:${wire.port}/v1`)
      expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'unknown', reason: 'connection_reset' })
      expect(wire.lines[0]?.received().length).toBeGreaterThan(0)
    }
  })
})

describe('a call of unknown outcome', () => {
  afterEach(hangUp)

  it('is one that has no answer at its deadline; then the line is dropped', async () => {
    const { wire, transport } = await start(() => {})
    const began = performance.now()
    expect(await within(transport, SHORT_MS)).toEqual({ kind: 'unknown', reason: 'deadline' })
    expect(performance.now() - began).toBeGreaterThan(SHORT_MS - 5)
    expect(wire.requests).toHaveLength(1)
    await expect.poll(() => wire.lines[0]?.socket.destroyed).toBe(true)
  })

  it('is one that has only early hints at its deadline', async () => {
    const { transport } = await start(({ socket }) =>
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
    )
    expect(await within(transport, SHORT_MS)).toEqual({ kind: 'unknown', reason: 'deadline' })
  })

  it.each<[string, Serve]>([
    ['resets the line', ({ socket }) => socket.resetAndDestroy()],
    ['closes the line', ({ socket }) => socket.end()],
    ['breaks off in the status line', ({ socket }) => socket.end('HTTP/1.1 20')],
    ['breaks off in the headers', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')],
    ['hangs up after early hints', ({ socket }) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('is one whose upstream reads it and %s', async (_, serve) => {
    const { wire, transport } = await start(serve)
    expect(await within(transport, AMPLE_MS)).toMatchObject({ kind: 'unknown' })
    expect(wire.requests).toHaveLength(1)
  })

  it.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['has a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['has a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ])('is one whose answer %s', async (_, bytes) => {
    const { transport } = await start(({ socket }) => socket.write(bytes))
    expect(await within(transport, AMPLE_MS)).toEqual({ kind: 'unknown', reason: 'protocol_error' })
  })

  it('is one whose answer has two lengths', async () => {
    const { transport } = await start(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    )
    expect(await within(transport, AMPLE_MS)).toMatchObject({ kind: 'unknown' })
  })

  it('is one whose answer has headers without end', async () => {
    const { transport } = await start(({ socket }) =>
      socket.write(`HTTP/1.1 200 OK\r\n${'X-A: aaaaaaaaaaaaaaaa\r\n'.repeat(20_000)}`),
    )
    expect(await within(transport, AMPLE_MS)).toMatchObject({ kind: 'unknown' })
  })

  it('is one whose upstream switches protocols', async () => {
    const { transport } = await start(({ socket }) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'),
    )
    expect(await within(transport, AMPLE_MS)).toMatchObject({ kind: 'unknown' })
  })
})

describe('an answer that breaks off', () => {
  afterEach(hangUp)

  it.each<[string, Serve]>([
    [
      'reset',
      ({ socket }) =>
        socket.write(`${head('Content-Length: 9')}{"da`, () => setTimeout(() => socket.resetAndDestroy(), 5)),
    ],
    ['closed', ({ socket }) => socket.end(`${head('Content-Length: 9')}{"da`)],
    ['closed between chunks', ({ socket }) => socket.end(`${head('Transfer-Encoding: chunked')}2\r\n{}\r\n`)],
    [
      'spoilt by a chunk without a size',
      ({ socket }) => socket.write(`${head('Transfer-Encoding: chunked')}zz\r\n`),
    ],
    ['closed before its first byte', ({ socket }) => socket.end(head('Content-Length: 9'))],
  ])('in its body keeps its status and headers when it is %s', async (_, serve) => {
    const { transport } = await start(serve)
    expect(await within(transport, AMPLE_MS)).toEqual(answeredWithoutBody)
  })

  it('by the deadline keeps its status and headers too', async () => {
    const { wire, transport } = await start(({ socket }) => socket.write(`${head('Content-Length: 9')}{"da`))
    expect(await within(transport, SHORT_MS)).toEqual(answeredWithoutBody)
    await expect.poll(() => wire.lines[0]?.socket.destroyed).toBe(true)
  })
})

describe('closing the transport', () => {
  afterEach(hangUp)

  it('waits for running calls and then closes the sockets', async () => {
    const { wire, transport } = await start(({ socket }, _, nth) =>
      setTimeout(() => socket.write(ok()), nth * 10),
    )
    const events: string[] = []
    const running = [1, 2, 3].map((nth) => within(transport, AMPLE_MS).then(() => events.push(`call ${nth}`)))
    await expect.poll(() => wire.requests.length).toBe(3)
    await transport.close().then(() => events.push('closed'))
    await Promise.all(running)
    expect(events.at(-1)).toBe('closed')
    expect(events).toHaveLength(4)
    await Promise.all(wire.lines.map(({ socket }) => socket.destroyed || once(socket, 'close')))
  })
})
