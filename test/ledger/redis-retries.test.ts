import { describe, expect, it } from 'vitest'
import { createRetries } from '../../src/ledger/redis/retries.ts'
import { createWakeUps } from '../../src/ledger/redis/wake-ups.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const MINUTE_MS = 60_000

describe('work that is done again in the background', () => {
  const make = () => {
    const clock = createFakeClock()
    const redis = { isUp: true }
    const retries = createRetries(clock, () => redis.isUp)
    const attempts: number[] = []
    /** Fails until `succeedsAfter` ms from now. */
    const add = (succeedsAfter: number, from = 0, until = MINUTE_MS) => {
      const began = clock.now()
      retries.add({
        run: async () => {
          attempts.push(clock.now() - began)
          if (clock.now() < began + succeedsAfter) throw new Error('not yet')
        },
        from: began + from,
        until: began + until,
      })
    }
    return { clock, redis, retries, attempts, add }
  }

  it('is tried with growing pauses until it succeeds, and then no more', async () => {
    const { clock, attempts, add } = make()
    add(3000)
    await clock.advance(MINUTE_MS)
    expect(attempts.length).toBeGreaterThan(3)
    expect(attempts.length).toBeLessThan(10)
    expect(attempts.at(-1)).toBeGreaterThanOrEqual(3000)
    expect(attempts.at(-1)).toBeLessThan(4500)
  })

  it('is not tried before its time, nor after it', async () => {
    const { clock, attempts, add } = make()
    add(Number.POSITIVE_INFINITY, 2000, 10_000)
    await clock.advance(MINUTE_MS)
    expect(Math.min(...attempts)).toBeGreaterThanOrEqual(2000)
    expect(Math.max(...attempts)).toBeLessThan(10_000)
  })

  it('waits while Redis is down', async () => {
    const { clock, redis, attempts, add } = make()
    redis.isUp = false
    add(0)
    await clock.advance(20_000)
    expect(attempts).toEqual([])
    redis.isUp = true
    await clock.advance(1000)
    expect(attempts).toHaveLength(1)
  })

  it('is bounded: what is too much is left to its lease', async () => {
    const { clock, attempts, add } = make()
    for (let i = 0; i < 10_500; i += 1) add(0)
    await clock.advance(MINUTE_MS)
    expect(attempts).toHaveLength(10_000)
  })

  it('ends when the ledger is closed', async () => {
    const { clock, retries, attempts, add } = make()
    add(0)
    retries.close()
    await clock.advance(MINUTE_MS)
    expect(attempts).toEqual([])
  })
})

describe('wake-ups', () => {
  it('are not missed when they come before anybody waits, and count once', async () => {
    const clock = createFakeClock()
    const wakeUps = createWakeUps(clock)
    const expectation = wakeUps.expect('a')
    wakeUps.wake('a')
    await expectation.within(1000)
    expect(clock.now()).toBe(createFakeClock().now())
    let over = false
    const waiting = expectation.within(1000).then(() => {
      over = true
    })
    await clock.advance(999)
    expect(over).toBe(false)
    await clock.advance(1)
    await waiting
  })

  it('reach all who wait for the topic, and nobody else', async () => {
    const clock = createFakeClock()
    const wakeUps = createWakeUps(clock)
    const woken: string[] = []
    for (const [name, topic] of [
      ['one', 'a'],
      ['two', 'a'],
      ['three', 'b'],
    ] as const) {
      void wakeUps
        .expect(topic)
        .within(1000)
        .then(() => woken.push(name))
    }
    wakeUps.wake('a')
    await clock.advance(0)
    expect(woken).toEqual(['one', 'two'])
  })

  it('are not told to those who have gone', async () => {
    const clock = createFakeClock()
    const wakeUps = createWakeUps(clock)
    const expectation = wakeUps.expect('a')
    expectation.forget()
    wakeUps.wake('a')
    let over = false
    void expectation.within(1000).then(() => {
      over = true
    })
    await clock.advance(500)
    expect(over).toBe(false)
  })
})
