import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTo, hangUp, http, listen, ok, post, type Serve, type Wire, within } from './wire.ts'

const AMPLE_MS = 10_000
const CALLS = 100

const start = async (serve: Serve) => {
  const wire = await listen(serve)
  return { wire, transport: connectTo(`http://127.0.0.1:${wire.port}/v1`) }
}

/** Sends call after call, each with its own body; gives the bodies that came back. */
async function oneByOne(serve: Serve, between: (wire: Wire) => unknown) {
  const { wire, transport } = await start(serve)
  const came: unknown[] = []
  for (let nth = 0; nth < CALLS; nth += 1) {
    const result = await within(transport, AMPLE_MS, { ...post, body: JSON.stringify({ nth }) })
    came.push(result.kind === 'answered' ? result.body : result)
    await between(wire)
  }
  return { came, wire }
}

/** Drops every line that is open and waits until it is gone. */
async function dropAll({ lines }: Wire, drop: (socket: Socket) => unknown): Promise<void> {
  const open = lines.map(({ socket }) => socket).filter((socket) => !socket.destroyed)
  const closed = Promise.all(open.map((socket) => once(socket, 'close')))
  for (const socket of open) drop(socket)
  await closed
}

const bodyOf = (request: string): string => request.slice(request.indexOf('\r\n\r\n') + 4)
const echo: Serve = ({ socket }, request) => socket.write(http('200 OK', bodyOf(request)))
const sent = Array.from({ length: CALLS }, (_, nth) => JSON.stringify({ nth }))

describe('a keep-alive socket that the upstream gave up', () => {
  afterEach(hangUp)

  it.each<[string, (socket: Socket) => unknown]>([
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('costs no answer when the upstream %s it between two calls', async (_, drop) => {
    const { came, wire } = await oneByOne(echo, (server) => dropAll(server, drop))
    expect(came).toEqual(sent)
    expect(wire.requests).toHaveLength(CALLS)
  })

  it.each<[string, Serve]>([
    ['closes', ({ socket }, request) => socket.end(http('200 OK', bodyOf(request)))],
    [
      'resets',
      ({ socket }, request) =>
        socket.write(http('200 OK', bodyOf(request)), () => setImmediate(() => socket.resetAndDestroy())),
    ],
    [
      'announces to close and closes',
      ({ socket }, request) => socket.end(http('200 OK', bodyOf(request), ['Connection: close'])),
    ],
  ])('costs no answer when the upstream %s it right after each answer', async (_, serve) => {
    const { came, wire } = await oneByOne(serve, nextTurn)
    expect(came).toEqual(sent)
    expect(wire.requests).toHaveLength(CALLS)
  })

  it.each<[string, (socket: Socket) => unknown]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('costs no answer when all of 50 are %s at once', async (_, drop) => {
    const { wire, transport } = await start(echo)
    const calls = () =>
      Promise.all(sent.slice(0, 50).map((body) => within(transport, AMPLE_MS, { ...post, body })))
    for (let round = 1; round <= 5; round += 1) {
      const results = await calls()
      expect(results.map((result) => (result.kind === 'answered' ? result.body : result))).toEqual(
        sent.slice(0, 50),
      )
      expect(wire.requests).toHaveLength(round * 50)
      await dropAll(wire, drop)
    }
  })

  it('does not give a second answer that nobody asked for to the next call', async () => {
    const { wire, transport } = await start(({ socket }, request, nth) => {
      socket.write(http('200 OK', bodyOf(request)))
      if (nth === 1) setImmediate(() => socket.write(ok('{"data":"stray"}')))
    })
    expect(await within(transport, AMPLE_MS, { ...post, body: '1' })).toMatchObject({ body: '1' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await within(transport, AMPLE_MS, { ...post, body: '2' })).toMatchObject({ body: '2' })
    expect(wire.requests).toHaveLength(2)
  })

  it('does not give a stray answer in the same packet to the next call', async () => {
    const { wire, transport } = await start(({ socket }, request, nth) =>
      socket.write(Buffer.concat([http('200 OK', bodyOf(request)), nth === 1 ? ok('"stray"') : Buffer.of()])),
    )
    expect(await within(transport, AMPLE_MS, { ...post, body: '1' })).toMatchObject({ body: '1' })
    expect(await within(transport, AMPLE_MS, { ...post, body: '2' })).toMatchObject({ body: '2' })
    expect(wire.requests).toHaveLength(2)
  })
})
