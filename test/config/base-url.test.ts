import { describe, expect, test } from 'vitest'
import { readBaseUrl } from '../../src/config/base-url.ts'

describe('a base URL', () => {
  test.each([
    ['https://api.kirim.chat/v1', 'https://api.kirim.chat/v1'],
    ['https://api.kirim.chat/v1/', 'https://api.kirim.chat/v1'],
    ['https://api.kirim.chat/v1//', 'https://api.kirim.chat/v1'],
    ['https://api.kirim.chat', 'https://api.kirim.chat'],
    ['https://api.kirim.chat:8443/', 'https://api.kirim.chat:8443'],
    ['HTTPS://API.kirim.chat/V1', 'https://api.kirim.chat/V1'],
    ['http://127.0.0.1:8788/v1', 'http://127.0.0.1:8788/v1'],
    ['http://127.8.9.10/v1', 'http://127.8.9.10/v1'],
    ['http://localhost:1/v1', 'http://localhost:1/v1'],
    ['http://[::1]:8788', 'http://[::1]:8788'],
  ])('%s is read as %s', (text, url) => {
    expect(readBaseUrl(text)).toEqual({ ok: true, url })
  })

  test.each([
    'http://api.kirim.chat/v1',
    'http://10.0.0.1/v1',
    'http://0.0.0.0/v1',
    'http://[::2]/v1',
    'http://localhost.example.com/v1',
    'http://127.0.0.1.example.com/v1',
    'http://127.0.0.1@example.com/v1',
    'https://user:hunter2@api.kirim.chat/v1',
    'https://api.kirim.chat/v1?key=hunter2',
    'https://api.kirim.chat/v1?',
    'https://api.kirim.chat/v1#',
    'ftp://api.kirim.chat/v1',
    'file:///etc/passwd',
    'api.kirim.chat/v1',
    '',
  ])('%s is refused without being repeated', (text) => {
    const read = readBaseUrl(text)
    expect(read.ok).toBe(false)
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })
})
