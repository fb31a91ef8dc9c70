import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasValidChecksum } from '../../src/domain/gateway-key.ts'
import { smallest } from '../config/fixture.ts'
import { kirimGateway, temporaryDirectory } from './terminal.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A config file in a directory of its own, as people write it. */
function configFile(raw: unknown = smallest(), text = `${JSON.stringify(raw, null, 2)}\n`): string {
  const path = join(temporaryDirectory(), 'gateway.config.json')
  writeFileSync(path, text)
  return path
}

describe('keys create', () => {
  test('prints a valid key and the entry with its hash, label and an id made from it', async () => {
    const { code, out } = await kirimGateway([
      'keys',
      'create',
      '--tenant',
      'billing',
      '--label',
      'CI Runner #2',
    ])
    expect(code).toBe(0)
    const [key = '', ...rest] = out.split('\n')
    expect(hasValidChecksum(key)).toBe(true)
    expect(JSON.parse(rest.join('\n'))).toEqual({
      id: 'key_ci-runner-2',
      sha256: sha256(key),
      label: 'CI Runner #2',
    })
    expect(rest.join('\n')).not.toContain(key)
  })

  test('prints key and entry as one JSON value with --json, notes on stderr', async () => {
    const { out, err } = await kirimGateway('keys create --tenant billing --label ci --json')
    const { key, entry } = JSON.parse(out)
    expect(entry).toEqual({ id: 'key_ci', sha256: sha256(key), label: 'ci' })
    expect(err).toContain('this one time only')
    expect(err).not.toContain(key)
  })

  test('makes another key each time', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => kirimGateway('keys create --tenant billing --label ci')),
    )
    expect(first?.out).not.toBe(second?.out)
  })

  test.each([
    ['90d', '2026-04-01T00:00:00Z'],
    ['1d', '2026-01-02T00:00:00Z'],
    ['2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2027-01-01T07:00:00+07:00', '2027-01-01T00:00:00Z'],
  ])('writes --expires %s as %s', async (given, expiresAt) => {
    const { out } = await kirimGateway(`keys create --tenant billing --label ci --json --expires ${given}`)
    expect(JSON.parse(out).entry.expiresAt).toBe(expiresAt)
  })

  test('takes an id and scopes', async () => {
    const args = [
      'keys',
      'create',
      '--tenant',
      'a',
      '--label',
      'ü',
      '--id',
      'k',
      '--scopes',
      'read, messages:send,read',
      '--json',
    ]
    const { out } = await kirimGateway(args)
    expect(JSON.parse(out).entry).toMatchObject({ id: 'k', scopes: ['read', 'messages:send'] })
  })

  test.each([
    '--tenant billing',
    '--label ci',
    '--tenant Billing --label ci',
    '--tenant billing --label ci --id Key',
    '--tenant billing --label ü',
    '--tenant billing --label ci --expires 0d',
    '--tenant billing --label ci --expires tomorrow',
    '--tenant billing --label ci --expires 2027-01-01',
    '--tenant billing --label ci --expires 2025-12-31T23:59:59Z',
    '--tenant billing --label ci --expires 100000d',
    '--tenant billing --label ci --scopes write',
    '--tenant billing --label ci --scopes=',
    '--tenant billing --label ci --write',
    '--tenant billing --label ci extra',
  ])('exits with 2 and makes no key for %s', async (line) => {
    const { code, out, err } = await kirimGateway(`keys create ${line}`)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('kirim-gateway keys create: ')
  })
})

describe('keys create --write', () => {
  test('adds the entry to the config file and leaves everything else as it was', async () => {
    const path = configFile()
    const { code, out, err } = await kirimGateway(
      `keys create --tenant billing --label prod --expires 90d --write --config ${path}`,
    )
    const key = out.trim()
    const expected = smallest()
    expected.tenants.billing = {
      ...expected.tenants.billing,
      keys: [
        { id: 'key_ci', sha256: '1'.padStart(64, '0') },
        { id: 'key_prod', sha256: sha256(key), label: 'prod', expiresAt: '2026-04-01T00:00:00Z' },
      ],
    }
    expect(code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(expected, null, 2)}\n`)
    expect(err).toContain(`Added key_prod to tenant billing in ${path}.`)
    expect(readFileSync(path, 'utf8')).not.toContain(key)
  })

  test('takes the path from GATEWAY_CONFIG, and makes a key that keys verify finds there', async () => {
    const env = { GATEWAY_CONFIG: configFile() }
    const { out } = await kirimGateway('keys create --tenant billing --label prod --write', { env })
    const verified = await kirimGateway('keys verify', { env, stdin: out })
    expect(verified).toMatchObject({ code: 0 })
    expect(verified.out).toContain('opens: tenant billing, key key_prod ("prod")')
  })

  test('needs none of the upstream tokens', async () => {
    const raw = smallest()
    raw.accounts.acme = { token: 'file:/does/not/exist', nextToken: 'env:NOPE' }
    const { code } = await kirimGateway(
      `keys create --tenant billing --label x --write --config ${configFile(raw)}`,
    )
    expect(code).toBe(0)
  })

  test('keeps the file’s mode and a symbolic link, and leaves no other file behind', async () => {
    const path = configFile()
    chmodSync(path, 0o640)
    const directory = temporaryDirectory()
    const link = join(directory, 'link.json')
    symlinkSync(path, link)
    await kirimGateway(`keys create --tenant billing --label prod --write --config ${link}`)
    expect(readFileSync(path, 'utf8')).toContain('key_prod')
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(path, '..'))).toEqual(['gateway.config.json'])
    expect(readdirSync(directory)).toEqual(['link.json'])
  })

  test.each<[what: string, args: string, text: string | undefined, fault: string]>([
    ['an unknown tenant', '--tenant nobody --label x', undefined, 'tenants.nobody: there is no such tenant'],
    ['an inherited name as tenant', '--tenant constructor --label x', undefined, 'tenants.constructor: '],
    ['an id that exists', '--tenant billing --label ci', undefined, 'tenants.billing.keys.0.id: is taken'],
    [
      'a file that is not JSON',
      '--tenant billing --label x',
      '{"a": hunter2}',
      '(root): not JSON at line 1, column 7',
    ],
    [
      'a name given twice',
      '--tenant billing --label x',
      '{"tenants": {}, "tenants": {}}',
      'tenants: is given twice',
    ],
    [
      'keys that are no list',
      '--tenant a --label x',
      '{"tenants": {"a": {"keys": 1}}}',
      'tenants.a.keys: must be a list',
    ],
    ['other faults', '--tenant a --label x', '{"tenants": {"a": {"keys": []}}}', 'upstream: is required'],
  ])('refuses %s and writes nothing', async (_what, args, text, fault) => {
    const path = text === undefined ? configFile() : configFile(undefined, text)
    const before = readFileSync(path, 'utf8')
    const { code, out, err } = await kirimGateway(`keys create ${args} --write --config ${path}`)
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain(fault)
    expect(err).toContain(`Nothing was written to ${path}.`)
    expect(err).not.toContain('hunter2')
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('exits with 1 and shows no key when the file is not there', async () => {
    const path = join(temporaryDirectory(), 'none.json')
    const { code, out, err } = await kirimGateway(`keys create --tenant a --label x --write --config ${path}`)
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain(`${path} cannot be read (ENOENT)`)
  })
})
