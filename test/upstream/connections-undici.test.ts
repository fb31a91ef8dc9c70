import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Connections, createConnections, type Queued } from '../../src/upstream/connections-undici.ts'

describe('connections', () => {
  let server: Server
  let connections: Connections
  /** Answers that are held back, by path, and the sockets that requests came on. */
  const held = new Map<string, () => void>()
  const ports = new Map<string, number | undefined>()

  const start = async (max: number): Promise<void> => {
    server = createServer((request, response) => {
      const path = request.url ?? ''
      ports.set(path, request.socket.remotePort)
      held.set(path, () => response.end('ok'))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    connections = createConnections(`http://127.0.0.1:${port}`, max, {})
  }
  afterEach(async () => {
    for (const answer of held.values()) answer()
    held.clear()
    ports.clear()
    await connections.close()
    server.close()
    server.closeAllConnections()
  })

  /** Asks for `path`; resolves to how it ended. `give up` makes it over before it was sent. */
  const ask = (path: string) => {
    let isOver = false
    let end: (how: string) => void
    const ended = new Promise<string>((resolve) => {
      end = (how) => {
        isOver = true
        resolve(how)
      }
    })
    const handler: Queued['handler'] = {
      get isOver() {
        return isOver
      },
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd: () => end('answered'),
      onResponseError: (_controller, error) => end(error.name),
    }
    connections.dispatch({ request: { method: 'GET', path }, handler })
    return { ended, giveUp: () => end('given up') }
  }
  const arrived = async (path: string): Promise<void> => {
    while (!held.has(path)) await new Promise((resolve) => setImmediate(resolve))
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

  it('are used again, the one that fell idle last first', async () => {
    await start(10)
    const [one, two] = [ask('/one'), ask('/two')]
    await Promise.all([arrived('/one'), arrived('/two')])
    expect(ports.get('/one')).not.toBe(ports.get('/two'))
    held.get('/two')?.()
    await two.ended
    await pause()
    held.get('/one')?.()
    await one.ended
    await pause()
    const three = ask('/three')
    await arrived('/three')
    expect(ports.get('/three')).toBe(ports.get('/one'))
    held.get('/three')?.()
    expect(await three.ended).toBe('answered')
  })

  it('are at most as many as they may be; further requests wait in their order', async () => {
    await start(1)
    const all = ['/a', '/b', '/c'].map((path) => ask(path))
    await arrived('/a')
    await pause()
    expect([...held.keys()]).toEqual(['/a'])
    for (const path of ['/a', '/b', '/c']) {
      await arrived(path)
      held.get(path)?.()
    }
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(['answered', 'answered', 'answered'])
    expect(new Set(ports.values()).size).toBe(1)
  })

  it('send nothing that is over before its turn has come', async () => {
    await start(1)
    const [first, late, last] = [ask('/first'), ask('/late'), ask('/last')]
    await arrived('/first')
    late.giveUp()
    held.get('/first')?.()
    await first.ended
    await arrived('/last')
    expect(held.has('/late')).toBe(false)
    held.get('/last')?.()
    expect(await last.ended).toBe('answered')
  })

  it('are not lost with a request that undici refuses', async () => {
    await start(1)
    const refused = ask('no path at all')
    expect(await refused.ended).toBe('InvalidArgumentError')
    const next = ask('/next')
    await arrived('/next')
    held.get('/next')?.()
    expect(await next.ended).toBe('answered')
  })

  it('come back after a connection that could not be made', async () => {
    await start(1)
    await new Promise((resolve) => server.close(resolve))
    expect(await ask('/one').ended).not.toBe('answered')
    expect(await ask('/two').ended).not.toBe('answered')
  })
})
