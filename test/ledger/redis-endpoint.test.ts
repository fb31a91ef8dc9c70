import { describe, expect, it } from 'vitest'
import { readEndpoint } from '../../src/ledger/redis/endpoint.ts'

describe('the Redis URL', () => {
  it.each(['redis://localhost', 'redis://127.0.0.1:6380/2', 'rediss://user:p%40ss@cache.example:6380'])(
    'is one server: %s',
    (url) => expect(readEndpoint(url)).toEqual({ kind: 'server', url }),
  )

  it('is a cluster when it says so', () => {
    expect(readEndpoint('redis+cluster://a:7000')).toEqual({ kind: 'cluster', urls: ['redis://a:7000'] })
    expect(readEndpoint('rediss+cluster://u:p@a')).toEqual({ kind: 'cluster', urls: ['rediss://u:p@a'] })
  })

  it('is a cluster when it names several nodes', () => {
    const urls = ['redis://a:7000', 'redis://b:7001']
    expect(readEndpoint('redis://a:7000, redis://b:7001')).toEqual({ kind: 'cluster', urls })
    expect(readEndpoint('redis+cluster://a:7000,redis+cluster://b:7001')).toEqual({ kind: 'cluster', urls })
  })

  it.each([
    '',
    'localhost:6379',
    'http://secret@localhost',
    'redis://',
    'redis://:secret%zz@localhost',
    'redis://secret@localhost/name',
    'redis://a,',
    'redis://a,mysql://secret@b',
  ])('is refused without being repeated: %j', (url) => {
    expect(() => readEndpoint(url)).toThrow(/^the Redis URL must be (?!.*secret)/)
  })
})
