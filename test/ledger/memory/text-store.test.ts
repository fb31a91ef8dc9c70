import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextStore } from '../../../src/ledger/memory/text-store.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed()),
  // Around the sizes of one block and of several.
  fc.nat(1100).map((length) => 'x'.repeat(length)),
  fc.nat(400).map((length) => 'é☃😀'.repeat(length)),
)

describe('a store of texts', () => {
  it('gives every text back as it was, whatever was added and freed in between', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: anyText.map((text) => ({ add: text })) },
      { weight: 2, arbitrary: fc.nat().map((nth) => ({ free: nth })) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new TextStore()
        const texts = new Map<number, string>()
        for (const one of steps) {
          if ('add' in one) {
            const { id } = store.add(one.add)
            expect(texts.has(id), 'a number in use').toBe(false)
            texts.set(id, one.add)
          } else if (texts.size > 0) {
            const id = [...texts.keys()][one.free % texts.size] as number
            store.free(id)
            texts.delete(id)
          }
          for (const [id, text] of texts) expect(store.get(id)).toBe(text)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('says how much room a text takes, in whole blocks', () => {
    const store = new TextStore()
    expect(store.add('').bytes).toBe(256)
    expect(store.add('x'.repeat(248)).bytes).toBe(256)
    expect(store.add('x'.repeat(249)).bytes).toBe(512)
    expect(store.add('é'.repeat(248)).bytes).toBe(512)
  })

  it('takes the room of freed texts before new room', () => {
    const store = new TextStore()
    const before = memory()
    for (let round = 0; round < 50; round += 1) {
      const ids = Array.from({ length: 1000 }, (_, nth) => store.add(`${nth} ${'x'.repeat(1000)}`).id)
      for (const id of ids) store.free(id)
    }
    // A thousand texts of five blocks: two segments of a mebibyte.
    expect(memory() - before).toBeLessThan(4 * 2 ** 20)
  })

  it('keeps a text of megabytes', () => {
    const store = new TextStore()
    const text = '0123456789'.repeat(300_000)
    const { id } = store.add(text)
    const small = store.add('small')
    expect(store.get(id) === text).toBe(true)
    store.free(id)
    expect(store.get(small.id)).toBe('small')
  })
})

const memory = (): number => process.memoryUsage().arrayBuffers
