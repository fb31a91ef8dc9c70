import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derivedKeyBytes } from '../../src/domain/fingerprint.ts'
import { createNodeDigest } from '../../src/system/digest-node.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const { sha256 } = createNodeDigest(bytes('unused'))

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of "%s" is that of FIPS 180', (text, hex) => {
    expect(sha256(text)).toBe(hex)
  })

  it('is taken over the UTF-8 bytes of a text', () => {
    expect(sha256('Grüße 😀')).toBe('3436cf1c2f912923eb6c58432bc973f1e3bf57852f000822b53954e45e6c5be4')
  })
})

describe('HMAC-SHA256', () => {
  it.each([
    [
      new Uint8Array(20).fill(0x0b),
      bytes('Hi There'),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      bytes('Jefe'),
      bytes('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      new Uint8Array(20).fill(0xaa),
      new Uint8Array(50).fill(0xdd),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      new Uint8Array(131).fill(0xaa),
      bytes('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('is that of RFC 4231', (secret, message, hex) => {
    expect(createNodeDigest(secret).hmac(message)).toBe(hex)
  })

  it('is that of OpenSSL for any secret and message, one after another', () => {
    const some = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(
        some,
        fc.array(fc.oneof(some, fc.uint8Array({ minLength: 2000, maxLength: 5000 })), { minLength: 1 }),
        (secret, messages) => {
          const { hmac } = createNodeDigest(secret)
          for (const message of messages) {
            expect(hmac(message)).toBe(createHmac('sha256', secret).update(message).digest('hex'))
          }
        },
      ),
    )
  })

  it('of tenant and key is the derived key that the upstream sees', () => {
    const { hmac } = createNodeDigest(bytes('a secret of the tests, 32+ bytes long'))
    expect(hmac(derivedKeyBytes('billing', 'order-42'))).toBe(
      '54da84dfa836a0a8fa912643e0ec92e00ab4219b0e934eafe304eb2b15532bb6',
    )
  })
})
