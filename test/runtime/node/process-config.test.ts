import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectError, expectSuccess } from '../../support/envelope.ts'
import { CANARY, config, gatewaySecret, secrets, sha256, tokens } from '../../support/fixture.ts'
import { buildProgram, endProcesses, type Program } from '../../support/processes.ts'

type Json = Record<string, unknown>

let program: Program
let folder: string
beforeAll(async () => {
  program = await buildProgram()
  folder = await mkdtemp(join(tmpdir(), 'gateway-'))
}, 60_000)
afterEach(async () => {
  expect(await endProcesses(), 'no token in any output').not.toContain(CANARY)
})
afterAll(async () => {
  await program.remove()
  await rm(folder, { recursive: true })
})

/** Nothing listens there: what is tested here sends nothing. */
const base = 'http://127.0.0.1:9/v1'
let files = 0

/** Writes a config file of its own; gives its path. */
const written = async (content: Json | string): Promise<string> => {
  const path = join(folder, `config-${++files}.json`)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const serve = (variables: Record<string, string>) =>
  program.start(['serve'], { ...secrets, GATEWAY_SECRET: gatewaySecret, PORT: '0', ...variables })

/** Waits for a refusal to start; gives the lines it printed. */
const refusal = async (variables: Record<string, string>): Promise<string[]> => {
  const gateway = serve(variables)
  expect(await gateway.ended).toBe(1)
  expect(gateway.output()).not.toMatch(/\n\s+at /)
  const [title, ...faults] = gateway.output().trimEnd().split('\n')
  expect(title).toBe('kirim-gateway cannot start:')
  return faults
}

describe('a gateway that cannot start', () => {
  it('prints every fault with its path, none with a secret, and exits with 1', async () => {
    const good = config(base)
    const { billing } = good.tenants as Record<string, Json>
    const faulty = {
      ...good,
      upstream: { baseUrl: 'http://api.example.test/v1', timeoutMs: 0 },
      accounts: {
        ...(good.accounts as Json),
        acme: { token: tokens.acme },
        globex: { token: 'env:NOT_SET' },
        initech: { token: `sealed:v1:${tokens.initech}` },
      },
      tenants: {
        billing: { ...billing, account: 'umbrella', keys: [{ id: 'key_ci', sha256: 'short' }] },
      },
    }
    const faults = await refusal({ GATEWAY_CONFIG: await written(faulty), LOG_LEVEL: 'loud', PORT: 'abc' })
    const paths = faults.map((line) => line.slice(0, line.indexOf(':')))
    expect(new Set(paths)).toEqual(
      new Set([
        'PORT',
        'LOG_LEVEL',
        'upstream.baseUrl',
        'upstream.timeoutMs',
        'accounts.acme.token',
        'accounts.globex.token',
        'accounts.initech.token',
        'tenants.billing.account',
        'tenants.billing.keys.0.sha256',
      ]),
    )
    for (const line of faults) expect(line).toMatch(/^[\w.]+: \w.{8,}/)
  })

  it.each([
    ['that is not there', undefined, /^GATEWAY_CONFIG: the file cannot be read \(ENOENT\)$/],
    ['that is not JSON', `{ "accounts": { "acme": { "token": "${tokens.acme}`, /^\(root\): /],
    ['that is a list', '[]', /^\(root\): /],
  ])('says what is wrong with a config %s', async (_, content, fault) => {
    const path = content === undefined ? join(folder, 'absent.json') : await written(content)
    const faults = await refusal({ GATEWAY_CONFIG: path })
    expect(faults).toEqual([expect.stringMatching(fault)])
  })

  it.each([
    ['missing', '', /^GATEWAY_SECRET: is not set; make one with: /],
    ['too short', 'c2hvcnQ=', /^GATEWAY_SECRET: holds 5 bytes, but must hold 32 or more/],
    ['no base64', `${CANARY} ${CANARY} ${CANARY} ${CANARY}`, /^GATEWAY_SECRET: is not base64/],
  ])('asks for a GATEWAY_SECRET when it is %s', async (_, secret, fault) => {
    const faults = await refusal({ GATEWAY_CONFIG: await written(config(base)), GATEWAY_SECRET: secret })
    expect(faults).toEqual([expect.stringMatching(fault)])
  })

  it.each([['abc'], ['65536']])('refuses PORT=%s, also without a config', async (port) => {
    expect(await refusal({ PORT: port })).toEqual(['PORT: must be a port number from 0 to 65535'])
  })

  describe('on its address', () => {
    let holder: Server
    let taken: string
    beforeAll(async () => {
      holder = createServer()
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
      const address = holder.address()
      if (typeof address !== 'object' || address === null) throw new Error('no port')
      taken = String(address.port)
    })
    afterAll(() => void holder.close())

    it('says that the port is taken, with a config and in sandbox mode', async () => {
      const fault = `PORT: cannot listen on 127.0.0.1:${taken} (EADDRINUSE)`
      expect(await refusal({ PORT: taken, GATEWAY_CONFIG: await written(config(base)) })).toEqual([fault])
      expect(await refusal({ PORT: taken, GATEWAY_SECRET: '' })).toEqual([fault])
    })

    it('says that the port of the metrics is taken, and holds no other', async () => {
      const fault = `METRICS_PORT: cannot listen on 127.0.0.1:${taken} (EADDRINUSE)`
      expect(await refusal({ METRICS_PORT: taken, GATEWAY_CONFIG: await written(config(base)) })).toEqual([
        fault,
      ])
    })

    it('says that the address is not its own', async () => {
      expect(await refusal({ HOST: '192.0.2.1' })).toEqual([
        'PORT: cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL)',
      ])
    })

    it('says the same of the sandbox alone', async () => {
      const sandbox = program.start(['sandbox', '--port', taken])
      expect(await sandbox.ended).toBe(1)
      expect(sandbox.output()).toBe('kirim-gateway sandbox: cannot listen on 127.0.0.1: EADDRINUSE\n')
    })
  })
})

describe('a config that changes', () => {
  const withKey = (key: string): Json => {
    const { tenants, ...rest } = config(base) as Json & { tenants: Record<string, Json> }
    const keys = [{ id: 'key_ci', sha256: sha256(key) }]
    return { ...rest, tenants: { ...tenants, billing: { ...tenants.billing, keys } } }
  }
  const me = async (url: string, key: string) => {
    const response = await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${key}` } })
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
  const started = async (path: string) => {
    const gateway = serve({ GATEWAY_CONFIG: path })
    return { gateway, url: await gateway.says(/"what":"listening","detail":"(http:[^"]+)"/) }
  }

  it.each([
    ['written in place', (path: string, content: string) => writeFile(path, content)],
    [
      'put in its place',
      async (path: string, content: string) => {
        await writeFile(`${path}.new`, content)
        await rename(`${path}.new`, path)
      },
    ],
  ])('is read again within seconds when it is %s', async (_, change) => {
    const path = await written(withKey('old'))
    const { gateway, url } = await started(path)
    expectSuccess(await me(url, 'old'))
    expectError(await me(url, 'new'), 401, 'invalid_api_key')
    const began = performance.now()
    await change(path, JSON.stringify(withKey('new')))
    await gateway.says(/"what":"config_reloaded"/)
    expect(performance.now() - began).toBeLessThan(3000)
    expectSuccess(await me(url, 'new'))
    expectError(await me(url, 'old'), 401, 'invalid_api_key')
  })

  it('is refused when it is faulty, with a line for the log, and the old one stays', async () => {
    const path = await written(withKey('old'))
    const { gateway, url } = await started(path)
    await writeFile(path, JSON.stringify({ ...withKey('new'), accounts: { acme: { token: tokens.acme } } }))
    const detail = await gateway.says(/"what":"config_refused","detail":"([^"]+)"/)
    expect(detail).toContain('accounts.acme.token: ')
    expectSuccess(await me(url, 'old'))
    expectError(await me(url, 'new'), 401, 'invalid_api_key')
    await rm(path)
    gateway.signal('SIGHUP')
    await gateway.says(/"detail":"GATEWAY_CONFIG: the file cannot be read/)
    expectSuccess(await me(url, 'old'))
    await writeFile(path, JSON.stringify(withKey('new')))
    await gateway.says(/"what":"config_reloaded"/)
    expectSuccess(await me(url, 'new'))
  })

  it('is read again on SIGHUP, secrets in files included', async () => {
    const secret = join(folder, 'token')
    await writeFile(secret, tokens.acme)
    const { tenants, ...rest } = withKey('old') as Json & { tenants: Record<string, Json> }
    const accounts = { acme: { token: `file:${secret}` } }
    const path = await written({ ...rest, accounts, tenants: { billing: tenants.billing } })
    const { gateway, url } = await started(path)
    await writeFile(secret, '')
    gateway.signal('SIGHUP')
    expect(await gateway.says(/"what":"config_refused","detail":"([^"]+)"/)).toContain('accounts.acme.token')
    await writeFile(secret, tokens.globex)
    gateway.signal('SIGHUP')
    await gateway.says(/"what":"config_reloaded"/)
    expectSuccess(await me(url, 'old'))
    gateway.signal('SIGTERM')
    expect(await gateway.ended).toBe(0)
  })
})

describe('a command that there is none of', () => {
  it('is refused with 2 and the commands that there are', async () => {
    const typo = program.start(['serv'])
    expect(await typo.ended).toBe(2)
    expect(typo.output()).toContain('Usage: kirim-gateway <command>')
    const argument = program.start(['serve', '--port', '9000'])
    expect(await argument.ended).toBe(2)
    expect(argument.output()).toContain('environment variables')
  })
})
