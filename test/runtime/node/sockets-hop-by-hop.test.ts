import { describe, expect, it } from 'vitest'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { keyOf } from '../../support/fixture.ts'
import { requestText } from '../../support/local-gateway.ts'
import { useLocalGateway } from '../../support/use-local-gateway.ts'

const gateway = useLocalGateway()

/** Sends bytes on a connection of their own, and gives the one answer to them. */
const exchange = async (bytes: string) => {
  const connection = gateway.open()
  connection.send(bytes)
  return connection.answer()
}

describe('headers about the connection', () => {
  it('continues for Expect: 100-continue', async () => {
    const connection = gateway.open()
    const [head = '', body = ''] = requestText({ lines: ['Expect: 100-continue'] }).split('\r\n\r\n')
    connection.send(`${head}\r\n\r\n`)
    expect((await connection.answer()).status).toBe(100)
    connection.send(body)
    expectSuccess(await connection.answer())
  })

  it.each(['nonsense', '200-ok', ''])('ignores Expect: "%s"', async (expected) => {
    expectSuccess(await exchange(requestText({ lines: [`Expect: ${expected}`] })))
  })

  it('does not wait for the body of Expect: 100-continue when it is refused anyway', async () => {
    const connection = gateway.open()
    const lines = ['Expect: 100-continue', 'Content-Length: 10']
    connection.send(requestText({ target: '/nowhere', body: null, lines }))
    const answers = [await connection.answer()]
    if (answers[0]?.status === 100) answers.push(await connection.answer())
    expectError(answers.at(-1) ?? { status: 0, headers: new Map(), body: '' }, 404, 'resource_not_found')
  })

  it.each([['websocket'], ['h2c']])('does not upgrade to %s, and serves on in HTTP/1.1', async (protocol) => {
    const connection = gateway.open()
    connection.send(requestText({ lines: [`Upgrade: ${protocol}`, 'Connection: Upgrade'] }))
    expectSuccess(await connection.answer())
    connection.send(requestText())
    expectSuccess(await connection.answer())
  })

  it('does not let Connection take away the headers it needs', async () => {
    const lines = ['Connection: authorization, idempotency-key, content-length', 'Idempotency-Key: named']
    const first = await exchange(requestText({ lines }))
    expectSuccess(first)
    const [upstream] = gateway.sandbox.requests(1)
    const arrived = new Map(upstream?.headers.map(([name, value]) => [name.toLowerCase(), value]))
    expect(arrived.get('idempotency-key'), 'the derived key').toMatch(/^[0-9a-f]{64}$/)
    expect(arrived.get('connection') ?? 'keep-alive', 'the list goes no further').toBe('keep-alive')
    const again = await exchange(requestText({ lines: ['Idempotency-Key: named'] }))
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body).toBe(first.body)
  })

  it('ends the connection when it is asked to', async () => {
    const connection = gateway.open()
    connection.send(requestText({ lines: ['Connection: close'] }))
    expectSuccess(await connection.answer())
    expect(await connection.rest()).toEqual([])
  })

  it.each([
    ['with a Host', 'gateway.test'],
    ['without one', null],
  ])('serves HTTP/1.0 %s', async (_, host) => {
    const connection = gateway.open()
    connection.send(requestText({ version: '1.0', host }))
    expectSuccess(await connection.answer())
    expect(await connection.rest()).toEqual([])
  })

  it('asks for the same key in HTTP/1.0', async () => {
    const answer = await exchange(requestText({ version: '1.0', authorization: `Bearer ${keyOf('nobody')}` }))
    expectError(answer, 401, 'invalid_api_key')
  })
})
