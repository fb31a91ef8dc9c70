import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CANARY, config, gatewaySecret, keyOf, secrets, text } from '../../support/fixture.ts'
import { messagesPath } from '../../support/local-gateway.ts'
import { buildProgram, endProcesses, type Program } from '../../support/processes.ts'

const tls = fileURLToPath(new URL('../../support/tls/', import.meta.url))

let program: Program
let folder: string
let upstream: Server
/** Of every request that came: the token, and whether its connection took up an earlier TLS session. */
let seen: { readonly authorization: string | undefined; readonly resumed: boolean }[]

beforeAll(async () => {
  program = await buildProgram()
  folder = await mkdtemp(join(tmpdir(), 'gateway-tls-'))
}, 60_000)
afterEach(async () => {
  expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
  upstream.closeAllConnections()
  await new Promise((resolve) => upstream.close(resolve))
})
afterAll(async () => {
  await program.remove()
  await rm(folder, { recursive: true })
})

/** An upstream with the certificate of `whom`, which closes every connection after its answer. */
async function startUpstream(whom: string, options: ServerOptions = {}): Promise<number> {
  const [cert, key] = await Promise.all([
    readFile(join(tls, `${whom}.cert.pem`)),
    readFile(join(tls, `${whom}.key.pem`)),
  ])
  seen = []
  upstream = createServer({ ...options, cert, key }, (request, response) => {
    const socket = request.socket as typeof request.socket & { isSessionReused(): boolean }
    seen.push({ authorization: request.headers.authorization, resumed: socket.isSessionReused() })
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', Connection: 'close' })
      response.end(JSON.stringify({ data: { id: `msg_${seen.length}`, status: 'accepted' } }))
    })
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return (upstream.address() as AddressInfo).port
}

/** A gateway in front of it that trusts the certificate of `trusted`. */
async function startGateway(host: string, port: number, trusted: string) {
  const path = join(folder, `${trusted}.json`)
  await writeFile(path, JSON.stringify(config(`https://${host}:${port}/v1`, { maxRetries: 0 })))
  const gateway = program.start(['serve'], {
    ...secrets,
    GATEWAY_CONFIG: path,
    GATEWAY_SECRET: gatewaySecret,
    PORT: '0',
    NODE_EXTRA_CA_CERTS: join(tls, `${trusted}.cert.pem`),
  })
  const url = await gateway.says(/"what":"listening","detail":"(http:[^"]+)"/)
  return async () => {
    const response = await fetch(url + messagesPath, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf('billing')}`, 'content-type': 'application/json' },
      body: JSON.stringify(text()),
    })
    return { status: response.status, body: await response.json() }
  }
}

describe('an upstream behind TLS', () => {
  it.each(['localhost', '127.0.0.1'])(
    'is reached as %s when its certificate is valid for that',
    async (host) => {
      const send = await startGateway(host, await startUpstream('localhost'), 'localhost')
      expect(await send()).toMatchObject({ status: 200, body: { data: { id: 'msg_1' } } })
      expect(seen[0]?.authorization).toContain(CANARY)
    },
  )

  it('is reached again by taking up the earlier session', async () => {
    const send = await startGateway('localhost', await startUpstream('localhost'), 'localhost')
    for (let nth = 1; nth <= 3; nth += 1) expect(await send()).toMatchObject({ status: 200 })
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true, true])
  })

  it.each([
    ['nobody vouches for', 'localhost', 'localhost', 'elsewhere'],
    ['is of another host', 'elsewhere', 'localhost', 'elsewhere'],
  ])('gets no token when its certificate is one that %s', async (_, whom, host, trusted) => {
    const send = await startGateway(host, await startUpstream(whom), trusted)
    expect(await send()).toMatchObject({ status: 503, body: { error: { code: 'service_unavailable' } } })
    expect(seen).toEqual([])
  })

  it('gets no token over a TLS that is too old', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const send = await startGateway('localhost', await startUpstream('localhost', old), 'localhost')
    expect((await send()).status).toBe(503)
    expect(seen).toEqual([])
  })
})
