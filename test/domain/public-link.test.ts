import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkFault } from '../../src/domain/public-link.ts'

const link = (host: string) => `https://${host}/p/42.png`

const notPublic = 'must point to a public host.'

/** First address and prefix length of ranges that nobody outside can reach. */
const closedRanges = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[168, 63, 129, 16], 32],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[224, 0, 0, 0], 4],
  [[240, 0, 0, 0], 4],
] as const

type Address = readonly number[]

const numberOf = (address: Address) => address.reduce((sum, part) => sum * 256 + part, 0)
const addressOf = (number: number): Address => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255)

const closedAddress = fc.constantFrom(...closedRanges).chain(([first, bits]) => {
  const offset = fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 })
  return offset.map((by) => addressOf(numberOf(first) + by))
})

const hex = (value: number) => value.toString(16)
const groups = ([a = 0, b = 0, c = 0, d = 0]: Address) => `${hex(a * 256 + b)}:${hex(c * 256 + d)}`
const fullWidth = (text: string) =>
  text.replace(/\d/g, (digit) => String.fromCharCode(0xfee0 + digit.charCodeAt(0)))

const part = [
  (value: number) => String(value),
  (value: number) => `0x${hex(value)}`,
  (value: number) => `0${value.toString(8)}`,
]

const spellings: readonly ((address: Address) => string)[] = [
  (address) => address.join('.'),
  (address) => `${address.join('.')}.`,
  (address) => String(numberOf(address)),
  (address) => `0x${hex(numberOf(address))}`,
  (address) => `0X${hex(numberOf(address)).toUpperCase().padStart(12, '0')}`,
  (address) => `0${numberOf(address).toString(8)}`,
  ([a = 0, ...rest]) => `${a}.${numberOf(rest)}`,
  ([a = 0, b = 0, ...rest]) => `${a}.${b}.${numberOf(rest)}`,
  (address) => address.map((value, index) => part[index % part.length]?.(value)).join('.'),
  (address) => address.map((value) => `0000${value.toString(8)}`).join('.'),
  (address) => fullWidth(address.join('.')),
  (address) => address.join('\u3002'),
  (address) => [...address.join('.')].map((character) => `%${hex(character.charCodeAt(0))}`).join(''),
  (address) => `[::ffff:${address.join('.')}]`,
  (address) => `[::ffff:${groups(address)}]`,
  (address) => `[0:0:0:0:0:FFFF:${groups(address)}]`,
  (address) => `[::${address.join('.')}]`,
  (address) => `[64:ff9b::${address.join('.')}]`,
  (address) => `[64:ff9b:1::${address.join('.')}]`,
  (address) => `[2002:${groups(address)}::1]`,
]

describe('linkFault', () => {
  it('refuses every spelling of an address in a closed range', () => {
    fc.assert(
      fc.property(closedAddress, fc.constantFrom(...spellings), (address, spell) => {
        expect(linkFault(link(spell(address)))).toBe(notPublic)
        expect(linkFault(link(`${spell(address)}:8443`))).toBe(notPublic)
      }),
      { numRuns: 5000 },
    )
  })

  it('takes every other IPv4 address, in every spelling that a public one may have', () => {
    const open = fc
      .integer({ min: 2 ** 24, max: 0xdfffffff })
      .map(addressOf)
      .filter(
        (address) =>
          !closedRanges.some(([first, bits]) => {
            const size = 2 ** (32 - bits)
            return Math.floor(numberOf(address) / size) === Math.floor(numberOf(first) / size)
          }),
      )
    const ipv4 = fc.constantFrom(...spellings.slice(0, 16))
    fc.assert(
      fc.property(open, ipv4, (address, spell) => {
        expect(linkFault(link(spell(address)))).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })

  it('answers for any text, and takes nothing but https', () => {
    const anyText = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => link(`${text}.org`)),
        ),
        (text) => {
          if (linkFault(text) === undefined) expect(new URL(text).protocol).toBe('https:')
        },
      ),
    )
  })

  it.each([
    'https://files.example.org/p/42.png',
    'https://files.example.org',
    'https://files.example.org:8443/p?signature=a%2Fb%3D&at=10.0.0.1#page',
    'HTTPS://Files.Example.ORG/p',
    'https://files.example.org./p',
    'https://bücher.example.org/größe',
    'https://10.example.org/',
    'https://localhost.example.org/',
    'https://my.locals.org/',
    'https://notlocalhost.org/',
    'https://files.example.org/@10.0.0.1/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://[2001:200::1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::8.8.8.8]/',
  ])('takes %s', (text) => {
    expect(linkFault(text)).toBeUndefined()
  })

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'localhost..',
    'files.localhost',
    'printer.local',
    'printer.local.',
    'db.internal',
    'metadata.google.internal',
    'router.home.arpa',
    'box.localdomain',
    'intranet',
    'intranet.',
    'loc\u00adalhost',
    '%6cocalhost',
    'ⓛocalhost',
    '.example.org',
    'files..example.org',
    '8.8.8.8..',
    '169.254.169.254',
    '168.63.129.16',
    '192.88.99.1',
    '100.100.100.200',
    '255.255.255.255',
    '127.1',
    '①②⑦.⓪.⓪.①',
    '[::]',
    '[::1]',
    '[fd00:ec2::254]',
    '[fc00::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[100::1]',
    '[2001::1]',
    '[2001:2::1]',
    '[2001:db8::1]',
    '[3fff:fff::1]',
    '[4000::1]',
    '[::8.8.8.8]',
    '[::ffff:0:8.8.8.8]',
  ])('refuses the host %s', (host) => {
    expect(linkFault(link(host))).toBe(notPublic)
  })

  it.each([
    ['', 'https'],
    ['files.example.org/p.png', 'https'],
    ['http://files.example.org/p.png', 'https'],
    ['ftp://files.example.org/p.png', 'https'],
    ['data:image/png;base64,AA==', 'https'],
    ['javascript:alert(1)', 'https'],
    ['//files.example.org/p.png', 'https'],
    ['https:files.example.org/p.png', 'https'],
    ['https:/files.example.org/p.png', 'https'],
    ['https:///files.example.org/p.png', 'https'],
    ['https://', 'https'],
    ['https://?q', 'https'],
    ['https://files.example.org:port/', 'https'],
    ['https://files.example.org:99999/', 'https'],
    ['https://256.256.256.256/', 'https'],
    ['https://1.2.3.4.5/', 'https'],
    ['https://4294967296/', 'https'],
    ['https://[fe80::1%25eth0]/', 'https'],
    ['https://[::1/', 'https'],
    ['https://user@files.example.org/', 'user name'],
    ['https://user:pass@files.example.org/', 'user name'],
    ['https://:@files.example.org/', 'user name'],
    ['https://@files.example.org/', 'user name'],
    ['https://8.8.8.8@10.0.0.1/', 'user name'],
    ['https://files.example.org\\@10.0.0.1/', 'backslashes'],
    ['https:\\\\files.example.org/', 'backslashes'],
    [' https://files.example.org/', 'blanks'],
    ['https://files.example.org/a b', 'blanks'],
    ['https://files.example.org/\u00a0', 'blanks'],
    ['ht\ntps://files.example.org/', 'blanks'],
    ['https://127.0.0.1\t.example.org/', 'blanks'],
    ['https://files.example.org/\u0000', 'blanks'],
    ['https://files.example.org/\u0085', 'blanks'],
  ])('refuses %j', (text, reason) => {
    expect(linkFault(text)).toContain(reason)
  })

  it('quotes nothing of the link', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{12}$/), (secret) => {
        expect(linkFault(`http://${secret}.org/`)).not.toContain(secret)
        expect(linkFault(`https://${secret}@a.org/`)).not.toContain(secret)
        expect(linkFault(`https://${secret}/`)).not.toContain(secret)
      }),
    )
  })
})
