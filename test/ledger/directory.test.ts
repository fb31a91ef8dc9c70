import { describe, expect, test } from 'vitest'
import { createDirectory } from '../../src/ledger/directory.ts'
import { hash, load, smallest } from '../config/fixture.ts'

describe('the directory of tenants', () => {
  const raw = smallest()
  raw.tenants.support = {
    account: 'acme',
    phoneNumberIds: '*',
    keys: [
      { id: 'key_a', sha256: hash(2) },
      { id: 'key_b', sha256: hash(3) },
    ],
  }
  const loaded = load(raw)
  if (!loaded.ok) throw new Error('the config of this test has faults')
  const directory = createDirectory(loaded.config)

  test.each([
    [1, 'billing', 'key_ci'],
    [2, 'support', 'key_a'],
    [3, 'support', 'key_b'],
  ])('finds tenant and key by the hash of the key (%i)', async (number, tenant, key) => {
    const credential = await directory.byKeyHash(hash(number))
    expect(credential?.tenant.id).toBe(tenant)
    expect(credential?.key.id).toBe(key)
  })

  test('finds nothing under any other text', async () => {
    for (const text of [hash(4), '', '__proto__', 'constructor']) {
      expect(await directory.byKeyHash(text)).toBeUndefined()
    }
  })
})
