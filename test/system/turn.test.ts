import { describe, expect, it } from 'vitest'
import { createTurn } from '../../src/system/turn.ts'

const turnEnds = () => new Promise((resolve) => setImmediate(resolve))

describe('a turn', () => {
  it('goes on with all that became ready in it, in order, when it ends', async () => {
    const done: number[] = []
    const ready = createTurn<number>((item) => done.push(item))
    ready(1)
    await Promise.resolve()
    ready(2)
    expect(done).toEqual([])
    await turnEnds()
    expect(done).toEqual([1, 2])
  })

  it('leaves what becomes ready meanwhile to the next one', async () => {
    const done: number[] = []
    const ready = createTurn<number>((item) => {
      done.push(item)
      if (item < 3) ready(item + 1)
    })
    ready(1)
    await turnEnds()
    expect(done).toEqual([1])
    await turnEnds()
    await turnEnds()
    expect(done).toEqual([1, 2, 3])
  })

  it('takes all items through one stage before the first goes through the next', async () => {
    const done: string[] = []
    const ready = createTurn<string>(async (item) => {
      done.push(`${item}1`)
      await Promise.resolve()
      done.push(`${item}2`)
    })
    const start = createTurn<(item: string) => void>((resolve) => resolve('x'))
    void new Promise<string>((resolve) => start(resolve)).then((item) => ready(item))
    ready('a')
    ready('b')
    await turnEnds()
    await turnEnds()
    expect(done.indexOf('b1')).toBeGreaterThan(done.indexOf('a1'))
    expect(done.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'x1', 'x2'])
  })
})
