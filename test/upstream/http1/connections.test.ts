import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Exchange } from '../../../src/upstream/http1/connection.ts'
import { Connections } from '../../../src/upstream/http1/connections.ts'
import { createSocketOpener } from '../../../src/upstream/http1/open-socket.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

let server: Server
let connections: Connections
let clock: FakeClock
/** By path: who waits for an answer, and the socket it came on. */
const held = new Map<string, ServerResponse>()
const ports = new Map<string, number | undefined>()
const sockets = new Set<Socket>()

const start = async (max: number): Promise<void> => {
  clock = createFakeClock()
  server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    held.set(request.url ?? '', response)
    ports.set(request.url ?? '', request.socket.remotePort)
  }).listen(0, '127.0.0.1')
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await vi.waitUntil(() => server.listening)
  const { port } = server.address() as AddressInfo
  const openSocket = createSocketOpener(new URL(`http://127.0.0.1:${port}`), clock)
  connections = new Connections(openSocket, clock, { max, maxBodyBytes: 1024 })
}

afterEach(async () => {
  for (const response of held.values()) response.end()
  held.clear()
  ports.clear()
  await connections.close()
  server.close()
  server.closeAllConnections()
})

/** Asks for `path`; resolves to how it ended. Giving up makes it over before it was sent. */
const ask = (path: string) => {
  let isOver = false
  let end: (how: string) => void
  const ended = new Promise<string>((resolve) => {
    end = (how) => {
      isOver = true
      resolve(how)
    }
  })
  const exchange: Exchange = {
    request: { text: `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`, encoding: 'latin1' },
    get isOver() {
      return isOver
    },
    writtenTo() {},
    answered: (response, isWhole) => end(isWhole ? `${response.status}` : 'broken off'),
    notSent: (reason) => end(reason),
    unknown: (reason) => end(reason),
  }
  connections.dispatch(exchange)
  return { ended, giveUp: () => end('given up') }
}

const arrived = (path: string) => vi.waitUntil(() => held.get(path), { interval: 1 })
const answer = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
  const response = await arrived(path)
  response.writeHead(200, headers).end('ok')
}
/** One request from its beginning to its end. */
const answered = async (path: string, headers?: Record<string, string>): Promise<void> => {
  const { ended } = ask(path)
  await answer(path, headers)
  expect(await ended).toBe('200')
  await nextTurn()
}
const open = () => sockets.size

describe('connections', () => {
  it('are used again, the one that fell idle last first', async () => {
    await start(10)
    const [one, two] = [ask('/one'), ask('/two')]
    await Promise.all([arrived('/one'), arrived('/two')])
    expect(ports.get('/one')).not.toBe(ports.get('/two'))
    await answer('/two')
    await two.ended
    await answer('/one')
    await one.ended
    await answered('/three')
    expect(ports.get('/three')).toBe(ports.get('/one'))
  })

  it('are at most as many as they may be; further requests wait in their order', async () => {
    await start(1)
    const all = ['/a', '/b', '/c'].map((path) => ask(path))
    await arrived('/a')
    expect([...held.keys()]).toEqual(['/a'])
    for (const path of ['/a', '/b', '/c']) await answer(path)
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(['200', '200', '200'])
    expect(new Set(ports.values()).size).toBe(1)
  })

  it('send nothing that is over before its turn has come', async () => {
    await start(1)
    const [first, late, last] = [ask('/first'), ask('/late'), ask('/last')]
    await arrived('/first')
    late.giveUp()
    await answer('/first')
    await first.ended
    await answer('/last')
    expect(await last.ended).toBe('200')
    expect(held.has('/late')).toBe(false)
  })

  it('that were made for a request that is over serve the next one', async () => {
    await start(1)
    const early = ask('/early')
    early.giveUp()
    await vi.waitUntil(() => open() === 1)
    await nextTurn()
    await answered('/next')
    expect(held.has('/early')).toBe(false)
    expect(open()).toBe(1)
  })

  it('make room for those who wait when they break', async () => {
    await start(1)
    const [first, next] = [ask('/first'), ask('/next')]
    const response = await arrived('/first')
    response.socket?.resetAndDestroy()
    expect(await first.ended).toBe('connection_reset')
    await answer('/next')
    expect(await next.ended).toBe('200')
  })

  it('that cannot be made fail the request they were made for, and leave their place', async () => {
    await start(1)
    await new Promise((resolve) => server.close(resolve))
    const both = [ask('/one'), ask('/two')]
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual(['cannot_connect', 'cannot_connect'])
  })
})

describe('an idle connection', () => {
  it.each([
    ['nothing', {}, 3900, 5000],
    ['timeout=5', { 'Keep-Alive': 'timeout=5' }, 2900, 4000],
    ['timeout=30, max=100', { 'Keep-Alive': 'timeout=30, max=100' }, 27_900, 29_000],
    ['max=100, timeout=30', { 'Keep-Alive': 'max=100, timeout=30' }, 27_900, 29_000],
    ['TIMEOUT=99999999', { 'Keep-Alive': 'TIMEOUT=99999999' }, 599_900, 601_000],
    ['something else', { 'Keep-Alive': 'timeout=soon' }, 3900, 5000],
  ])(
    'is used for a while after an answer that says %s, and then closed',
    async (_, headers, until, closed) => {
      await start(10)
      await answered('/one', headers)
      await clock.advance(until)
      await answered('/two', headers)
      expect(ports.get('/two')).toBe(ports.get('/one'))
      await clock.advance(closed)
      await vi.waitUntil(() => open() === 0)
    },
  )

  it('is not used once its time is over, swept or not', async () => {
    await start(10)
    await answered('/one')
    clock.step(4001)
    await answered('/two')
    expect(ports.get('/two')).not.toBe(ports.get('/one'))
    await vi.waitUntil(() => open() === 1)
  })

  it('is closed at once when the upstream leaves no time to use it', async () => {
    await start(10)
    await answered('/one', { 'Keep-Alive': 'timeout=2' })
    await vi.waitUntil(() => open() === 0)
    await answered('/two', { 'Keep-Alive': 'timeout=2' })
  })

  it('is closed then even when others wait for one: they get a new one', async () => {
    await start(1)
    const [first, next] = [ask('/first'), ask('/next')]
    await answer('/first', { 'Keep-Alive': 'timeout=0' })
    await answer('/next')
    expect(await Promise.all([first.ended, next.ended])).toEqual(['200', '200'])
    expect(ports.get('/next')).not.toBe(ports.get('/first'))
  })
})

describe('closing', () => {
  it('leaves no timer behind', async () => {
    await start(10)
    await answered('/one')
    const sweeps = vi.spyOn(clock, 'monotonic')
    await connections.close()
    await clock.advance(10_000)
    expect(sweeps).not.toHaveBeenCalled()
  })

  it('lets running and waiting requests end, and refuses new ones', async () => {
    await start(1)
    const [running, waiting] = [ask('/running'), ask('/waiting')]
    await arrived('/running')
    const closed = connections.close().then(() => 'closed')
    expect(await ask('/new').ended).toBe('connection_closed')
    await answer('/running')
    expect(await running.ended).toBe('200')
    await answer('/waiting')
    expect(await waiting.ended).toBe('200')
    expect(await closed).toBe('closed')
    await vi.waitUntil(() => open() === 0)
  })

  it('closes what is idle at once, and may be asked for twice', async () => {
    await start(10)
    await answered('/one')
    await Promise.all([connections.close(), connections.close()])
    await vi.waitUntil(() => open() === 0)
    await connections.close()
  })
})
