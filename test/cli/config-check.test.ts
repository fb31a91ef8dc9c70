import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { smallest } from '../config/fixture.ts'
import { kirimGateway, temporaryDirectory } from './terminal.ts'

const GATEWAY_SECRET = Buffer.alloc(32, 7).toString('base64')
const env = { TOKEN: 'kdv_live_hunter2', GATEWAY_SECRET }

let path = ''
beforeEach(() => {
  path = join(temporaryDirectory(), 'gateway.config.json')
  writeFileSync(path, JSON.stringify(smallest()))
})

describe('config check', () => {
  test('prints a summary without secrets when there is nothing wrong', async () => {
    expect(await kirimGateway(['config', 'check', path], { env })).toEqual({
      code: 0,
      out: `${path} is fine: 1 account, 1 tenant, 1 key; upstream https://api.example.com/v1; ledger memory\n`,
      err: '',
    })
  })

  test('takes the path from GATEWAY_CONFIG', async () => {
    expect(await kirimGateway('config check', { env: { ...env, GATEWAY_CONFIG: path } })).toMatchObject({
      code: 0,
    })
  })

  test('reads secrets from files', async () => {
    const token = join(temporaryDirectory(), 'token')
    const raw = smallest()
    raw.accounts.acme = { token: `file:${token}` }
    writeFileSync(path, JSON.stringify(raw))
    expect((await kirimGateway(['config', 'check', path], { env })).err).toContain('cannot be read (ENOENT)')
    writeFileSync(token, 'kdv_live_hunter2\n')
    expect(await kirimGateway(['config', 'check', path], { env })).toMatchObject({ code: 0 })
  })

  test('prints every fault with its path on stderr, none with a secret, and exits with 1', async () => {
    const raw = smallest()
    raw.accounts.acme = { token: 'kdv_live_hunter2', nextToken: 'env:NOPE' }
    raw.tenants.billing = { ...raw.tenants.billing, account: 'nobody', extra: 1 }
    writeFileSync(path, JSON.stringify({ ...raw, ledger: { kind: 'durable-object', url: 'env:TOKEN' } }))
    const { code, out, err } = await kirimGateway(['config', 'check', path], {
      env: { ...env, GATEWAY_SECRET: 'hunter2' },
    })
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).not.toContain('hunter2')
    expect(
      err
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, line.indexOf(':'))),
    ).toEqual([
      'accounts.acme.token',
      'tenants.billing.extra',
      'ledger.kind',
      'ledger.url',
      'tenants.billing.account',
      'accounts.acme.nextToken',
      'GATEWAY_SECRET',
    ])
  })

  test('says that GATEWAY_SECRET is missing, which is no fault of the file', async () => {
    const { code, err } = await kirimGateway(['config', 'check', path], { env: { TOKEN: 'abc' } })
    expect(code).toBe(0)
    expect(err).toContain('GATEWAY_SECRET is not set')
  })

  test('exits with 1 for a file that is not there, and with 2 when no file is named', async () => {
    expect(await kirimGateway('config check /does/not/exist.json')).toMatchObject({ code: 1 })
    expect(await kirimGateway('config check')).toMatchObject({ code: 2 })
    expect(await kirimGateway('config check a b')).toMatchObject({ code: 2 })
  })
})
