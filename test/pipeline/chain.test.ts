import { expect, it } from 'vitest'
import { chain, isPending } from '../../src/pipeline/chain.ts'

it('a value that is there goes on at once', () => {
  expect(chain(1, (one) => one + 1)).toBe(2)
  expect(isPending(chain(1, async (one) => one + 1))).toBe(true)
})

it('a value that is still to come goes on when it has', async () => {
  expect(await chain(Promise.resolve(1), (one) => one + 1)).toBe(2)
  await expect(chain(Promise.reject(new Error('lost')), () => 1)).rejects.toThrow('lost')
})
