import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectSuccess } from '../../support/envelope.ts'
import { CANARY } from '../../support/fixture.ts'
import { healthText, requestText } from '../../support/local-gateway.ts'
import { type ProbedGateway, startProbedGateway } from '../../support/probed-gateway.ts'
import { endProcesses } from '../../support/processes.ts'
import { closeConnections, openConnection } from '../../support/raw-http.ts'

/** Files that a process may open, less some for its own use. Node itself raises the soft limit to the hard one. */
const allowed = (): number => {
  const limit = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout)
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit - 500
}

const COUNT = Math.min(10_000, allowed())
/** What an idle connection may cost the gateway, generously. */
const MAX_BYTES = 64 * 1024

let gateway: ProbedGateway
beforeAll(async () => {
  gateway = await startProbedGateway()
}, 60_000)
afterEach(closeConnections)
afterAll(async () => {
  expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
  await gateway.remove()
})

/** Connects, has one request answered, and leaves it at that. */
const idler = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', reject)
    socket.write(healthText())
    socket.once('data', () => resolve(socket))
  })

const idlers = (port: number, count: number): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => idler(port)))

describe(`${COUNT} idle connections`, () => {
  it('cost little, keep nobody waiting, and are all closed when the gateway ends', async ({ annotate }) => {
    const { port } = gateway
    for (const socket of await idlers(port, 200)) socket.destroy()
    const before = await gateway.memory()
    const sockets: Socket[] = []
    while (sockets.length < COUNT)
      sockets.push(...(await idlers(port, Math.min(200, COUNT - sockets.length))))
    const during = await gateway.memory()
    expect(during.sockets).toBeGreaterThanOrEqual(COUNT)
    const perConnection = (now: number, then: number) => Math.round((now - then) / COUNT)
    const heap = perConnection(during.heap, before.heap)
    const rss = perConnection(during.rss, before.rss)
    await annotate(`${COUNT} connections: ${heap} B of heap and ${rss} B of memory each`)
    expect(heap).toBeLessThan(MAX_BYTES)
    expect(rss).toBeLessThan(MAX_BYTES)

    const newcomer = openConnection(port)
    newcomer.send(requestText())
    expectSuccess(await newcomer.answer())
    expect(sockets.filter((socket) => socket.destroyed)).toEqual([])

    const closed = Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    )
    gateway.process.signal('SIGTERM')
    await closed
    expect(await gateway.process.ended).toBe(0)
  }, 60_000)
})
