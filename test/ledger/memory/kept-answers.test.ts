import { describe, expect, it } from 'vitest'
import type { Settled } from '../../../src/domain/ledger-rules.ts'
import { createKeptAnswers } from '../../../src/ledger/memory/kept-answers.ts'

const make = (max: number, maxBytes = 2 ** 20) => {
  const evicted: Settled[] = []
  return { evicted, kept: createKeptAnswers({ max, maxBytes, evicted: (record) => evicted.push(record) }) }
}

const record = (body: string, firstSentAt = 1): Settled => ({
  state: 'settled',
  fingerprint: 'v1:ab',
  firstSentAt,
  answer: { status: 200, body },
})

describe('kept answers', () => {
  it('come back with all that they hold', () => {
    const { kept } = make(10)
    const full: Settled = {
      state: 'settled',
      fingerprint: `v1:${'ab'.repeat(32)}`,
      firstSentAt: 1_795_000_000_123,
      answer: {
        status: 429,
        body: '{"error":{"message":"Grüße\\n\\u0000 😀"}}',
        code: 'rate_limited',
        outcome: 'not_sent',
        retryAfterSeconds: 7,
        upstreamRequestId: 'req_up',
      },
    }
    kept.set('a', full)
    kept.set('b', record(''))
    expect(kept.get('a')).toEqual(full)
    expect(kept.get('b')).toEqual(record(''))
    expect(kept.get('c')).toBeUndefined()
  })

  it('go when they are deleted, and when one more comes than there may be, the least recently used first', () => {
    const { kept, evicted } = make(2)
    kept.set('a', record('a'))
    kept.set('b', record('b'))
    kept.get('a')
    kept.set('c', record('c'))
    expect(evicted).toEqual([record('b')])
    kept.delete('a')
    kept.set('d', record('d'))
    expect(evicted).toHaveLength(1)
    expect(['a', 'b', 'c', 'd'].map((row) => kept.get(row)?.answer.body)).toEqual([
      undefined,
      undefined,
      'c',
      'd',
    ])
  })

  it('go when they take more bytes than they may', () => {
    const { kept, evicted } = make(100, 10_000)
    for (let nth = 0; nth < 20; nth += 1) kept.set(`row ${nth}`, record('x'.repeat(900)))
    expect(evicted.length).toBeGreaterThanOrEqual(12)
    expect(kept.get('row 19')).toBeDefined()
  })

  it('that are larger than all may be are not kept, and take no room', () => {
    const { kept, evicted } = make(100, 10_000)
    kept.set('small', record('small'))
    const before = process.memoryUsage().arrayBuffers
    for (let nth = 0; nth < 1000; nth += 1) kept.set('large', record('x'.repeat(20_000)))
    expect(kept.get('large')).toBeUndefined()
    expect(kept.get('small')).toEqual(record('small'))
    expect(evicted).toEqual([])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20)
  })

  it('under a name that has one take its place', () => {
    const { kept, evicted } = make(2)
    for (const body of ['one', 'two', 'three']) kept.set('a', record(body))
    kept.set('b', record('b'))
    expect(kept.get('a')).toEqual(record('three'))
    expect(evicted).toEqual([])
  })
})
