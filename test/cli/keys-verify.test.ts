import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createGatewayKey } from '../../src/domain/gateway-key.ts'
import { smallest } from '../config/fixture.ts'
import { kirimGateway, temporaryDirectory } from './terminal.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const key = createGatewayKey(randomBytes)
const mistyped = `${key.slice(0, 10)}${key[10] === 'a' ? 'b' : 'a'}${key.slice(11)}`
const expired = createGatewayKey(randomBytes)
const handmade = 'correct-horse-battery-staple'

describe('keys verify', () => {
  test('says of a key from stdin or argument whether its checksum is right', async () => {
    const right = { code: 0, out: 'checksum: ok\n', err: '' }
    expect(await kirimGateway('keys verify', { stdin: `${key}\n` })).toEqual(right)
    expect(await kirimGateway(['keys', 'verify', key])).toEqual(right)
    const wrong = await kirimGateway('keys verify', { stdin: mistyped })
    expect(wrong.code).toBe(1)
    expect(wrong.out).toContain('checksum: wrong')
  })

  test.each([undefined, '', '\n'])('exits with 2 when no key is given (stdin: %j)', async (stdin) => {
    const { code, err } = await kirimGateway('keys verify', stdin === undefined ? {} : { stdin })
    expect(code).toBe(2)
    expect(err).toContain('give the key on stdin')
  })

  test('exits with 2 for two keys', async () => {
    expect(await kirimGateway(['keys', 'verify', key, key])).toMatchObject({ code: 2 })
  })
})

describe('keys verify with a config', () => {
  let path = ''
  beforeEach(() => {
    path = join(temporaryDirectory(), 'gateway.config.json')
    const raw = smallest()
    raw.accounts.acme = { token: 'env:NOT_NEEDED_HERE' }
    raw.tenants.billing = {
      ...raw.tenants.billing,
      keys: [
        { id: 'key_ci', sha256: sha256(key), label: 'ci', expiresAt: '2026-01-01T00:00:00.001Z' },
        { id: 'key_old', sha256: sha256(expired), expiresAt: '2026-01-01T00:00:00Z' },
      ],
    }
    raw.tenants.support = {
      account: 'acme',
      phoneNumberIds: '*',
      keys: [{ id: 'key_own', sha256: sha256(handmade) }],
      suspended: true,
    }
    writeFileSync(path, JSON.stringify(raw))
  })

  test('says what the key opens and until when, and never repeats the key', async () => {
    const { code, out } = await kirimGateway(`keys verify --config ${path}`, { stdin: key })
    expect(code).toBe(0)
    expect(out).toBe(
      'checksum: ok\nopens: tenant billing, key key_ci ("ci")\nexpires: 2026-01-01T00:00:00.001Z\n',
    )
  })

  test('exits with 1 from the moment on that the key expires', async () => {
    const { code, out } = await kirimGateway('keys verify', { env: { GATEWAY_CONFIG: path }, stdin: expired })
    expect(code).toBe(1)
    expect(out).toContain('opens: tenant billing, key key_old\nexpired: 2026-01-01T00:00:00.000Z\n')
  })

  test('accepts a key that was not made by the CLI, and says that its tenant is suspended', async () => {
    const { code, out } = await kirimGateway(`keys verify --config ${path}`, { stdin: handmade })
    expect(code).toBe(0)
    expect(out).toContain('checksum: wrong')
    expect(out).toContain('opens: tenant support, key key_own; suspended\nexpires: never\n')
  })

  test('exits with 1 for a key that opens nothing', async () => {
    const { code, out } = await kirimGateway(`keys verify --config ${path}`, {
      stdin: createGatewayKey(randomBytes),
    })
    expect(code).toBe(1)
    expect(out).toContain(`opens: nothing in ${path}\n`)
  })

  test('exits with 1 and prints the faults of a faulty config', async () => {
    writeFileSync(path, '{}')
    const { code, err } = await kirimGateway(`keys verify --config ${path}`, { stdin: key })
    expect(code).toBe(1)
    expect(err).toContain('tenants: is required')
  })
})
