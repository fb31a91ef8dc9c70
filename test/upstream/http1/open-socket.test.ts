import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSocketOpener, type SocketEvents } from '../../../src/upstream/http1/open-socket.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

let server: Server
let port: number
let accepted: Socket[]
let clock: FakeClock
let told: string[]
const events: SocketEvents = {
  connected: () => told.push('connected'),
  read: (bytes) => told.push(`read ${bytes}`),
  ended: () => told.push('ended'),
  lost: () => told.push('lost'),
}

beforeEach(async () => {
  accepted = []
  told = []
  clock = createFakeClock()
  server = createServer((socket) => accepted.push(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  port = address.port
})
afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const open = (protocol: string, host = '127.0.0.1') =>
  createSocketOpener(new URL(`${protocol}://${host}:${port}`), clock)(events)
const first = async () => {
  await vi.waitUntil(() => accepted.length > 0)
  return accepted[0] as Socket
}

describe('a socket', () => {
  it('tells of its connection, of every byte, and of the end of both sides', async () => {
    open('http')
    const other = await first()
    other.write(Buffer.from([0x61, 0x00, 0x7f, 0x80, 0xff]))
    await vi.waitUntil(() => told.length === 2)
    other.end('b')
    await vi.waitUntil(() => told.includes('lost'))
    expect(told).toEqual(['connected', 'read a\0\x7f\x80\xff', 'read b', 'ended', 'lost'])
  })

  it('finds a host by its name, whichever of its addresses answers', async () => {
    open('http', 'localhost')
    const other = await first()
    other.end('a')
    await vi.waitUntil(() => told.includes('lost'))
    expect(told).toEqual(['connected', 'read a', 'ended', 'lost'])
  })

  it('reads more than fits into its buffer', async () => {
    open('http')
    const other = await first()
    const sent = 'x'.repeat(300_000)
    other.end(sent)
    await vi.waitUntil(() => told.includes('ended'))
    const reads = told.filter((line) => line.startsWith('read ')).map((line) => line.slice('read '.length))
    expect(reads.join('')).toBe(sent)
  })

  it('is lost when it is reset', async () => {
    open('http')
    const other = await first()
    await vi.waitUntil(() => told.length === 1)
    other.resetAndDestroy()
    await vi.waitUntil(() => told.includes('lost'))
    expect(told).not.toContain('ended')
  })

  it('is lost when there is nobody to connect to', async () => {
    await new Promise((resolve) => server.close(resolve))
    open('http')
    await vi.waitUntil(() => told.includes('lost'))
    expect(told).not.toContain('connected')
  })

  it('is given up when it has not shaken hands in 10 s', async () => {
    const socket = open('https')
    await first()
    await clock.advance(9999)
    expect(socket.destroyed).toBe(false)
    await clock.advance(1)
    await vi.waitUntil(() => told.includes('lost'))
    expect(told).toEqual(['lost'])
  })

  it('that is connected may take longer', async () => {
    const socket = open('http')
    await vi.waitUntil(() => told.includes('connected'))
    await clock.advance(60_000)
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })
})
