import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectSuccess } from '../../support/envelope.ts'
import { CANARY } from '../../support/fixture.ts'
import { chunked, healthText, requestText } from '../../support/local-gateway.ts'
import { type ProbedGateway, startProbedGateway } from '../../support/probed-gateway.ts'
import { endProcesses } from '../../support/processes.ts'
import { openConnection } from '../../support/raw-http.ts'

let gateway: ProbedGateway
beforeAll(async () => {
  gateway = await startProbedGateway()
}, 60_000)
afterAll(async () => {
  expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
  await gateway.remove()
})

/** How a client leaves: after the server's end, with its own end, at once, or with a reset. */
type Leaving = 'late' | 'finished' | 'at once' | 'reset'

const body = 'x'.repeat(4096)
const abuses: readonly (readonly [bytes: string, leaving: Leaving])[] = [
  ['', 'at once'],
  ['', 'finished'],
  ['\0\0garbage\r\n\r\n', 'late'],
  ['\0\0garbage\r\n\r\n', 'reset'],
  ['GET /healthz HTTP/1.1\r\nHost: gateway.test\r\nX-Name: val', 'finished'],
  ['GET /healthz HTTP/1.1\r\nHost: gateway.test\r\nX-Name: val', 'reset'],
  [healthText({ lines: [`X-Long: ${'x'.repeat(20_000)}`] }), 'late'],
  [healthText({ host: null }), 'late'],
  [healthText().repeat(20), 'reset'],
  [healthText().repeat(20), 'finished'],
  [healthText({ lines: ['Connection: Upgrade', 'Upgrade: h2c'] }), 'finished'],
  [requestText({ method: 'CONNECT', target: 'other.test:443', body: null }), 'reset'],
  [requestText({ method: 'CONNECT', target: 'other.test:443', body: null }), 'late'],
  [requestText({ body, lines: ['Transfer-Encoding: chunked'] }), 'late'],
  [requestText({ body }).slice(0, -20), 'finished'],
  [requestText({ body, chunks: 100 }).slice(0, -20), 'reset'],
  [requestText({ body: null, lines: ['Content-Length: 999999'] }) + body, 'reset'],
  [
    requestText({ body: null, lines: ['Transfer-Encoding: chunked'] }) + chunked('x'.repeat(400), 1),
    'finished',
  ],
  [requestText({ body: null, lines: ['Expect: 100-continue', 'Content-Length: 10'] }), 'reset'],
  [requestText({ body: '{"a":'.repeat(1000) }), 'finished'],
  [requestText({ authorization: `Bearer ${'k'.repeat(2000)}` }), 'finished'],
  [requestText({ lines: ['Idempotency-Key: a b'] }), 'finished'],
  [requestText({ lines: ['Idempotency-Key: always the same'.replaceAll(' ', '-')] }), 'reset'],
  [requestText(), 'at once'],
]

/** One connection that sends `bytes` and leaves; resolves when it is gone. */
const abuse = (bytes: string, leaving: Leaving): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    socket.once('close', () => resolve())
    // A reset by the gateway is no concern of an abuser.
    socket.on('error', () => {})
    socket.resume()
    socket.write(Buffer.from(bytes, 'latin1'), () => {
      if (leaving === 'finished') socket.end()
      if (leaving === 'at once') socket.destroy()
      if (leaving === 'reset') setImmediate(() => socket.resetAndDestroy())
    })
  })

/** Plays all abuses `times` over, some at once; gives the number of connections. */
const rampage = async (times: number): Promise<number> => {
  for (let round = 0; round < times; round += 15) {
    await Promise.all(Array.from({ length: 15 }, () => abuses.map((one) => abuse(...one))).flat())
  }
  return times * abuses.length
}

/** Waits until nothing is left of the connections, then asks for the memory. */
const settled = () =>
  vi.waitFor(
    async () => {
      const memory = await gateway.memory()
      expect(memory.sockets).toBeLessThan(50)
      return memory
    },
    { timeout: 10_000, interval: 200 },
  )

describe('thousands of abusive connections', () => {
  it('leave no memory behind, and the gateway serves on', async ({ annotate }) => {
    await rampage(30)
    const before = await settled()
    const count = await rampage(90)
    const after = await settled()
    const perConnection = Math.round((after.heap - before.heap) / count)
    await annotate(`${count} connections: ${perConnection} B of heap each, ${after.sockets} sockets left`)
    // A connection that was kept would cost several KiB.
    expect(perConnection).toBeLessThan(1024)

    const connection = openConnection(gateway.port)
    connection.send(requestText())
    expectSuccess(await connection.answer())
    expect(gateway.process.output()).not.toContain('internal_error')
  }, 60_000)
})
