import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contextWith, faultsOf, load, smallest } from './fixture.ts'

function withToken(token: unknown) {
  const raw = smallest()
  raw.accounts.acme = { token }
  return raw
}

function tokenOf(raw: unknown, context: ReturnType<typeof contextWith>): string | undefined {
  const loaded = load(raw, context)
  return loaded.ok ? loaded.config.accounts.get('acme')?.token.reveal() : undefined
}

describe('env:', () => {
  test('gives the value of the variable', () => {
    expect(tokenOf(withToken('env:KIRIM_TOKEN'), contextWith({ KIRIM_TOKEN: 'abc' }))).toBe('abc')
  })

  test('of a variable that is not set, or empty, is a fault with its name', () => {
    expect(faultsOf(withToken('env:NOPE'))).toEqual([
      'accounts.acme.token: environment variable "NOPE" is not set',
    ])
    expect(faultsOf(withToken('env:NOPE'), contextWith({ NOPE: '' }))).toEqual([
      'accounts.acme.token: environment variable "NOPE" is empty',
    ])
  })

  test('of a name that the environment inherits, or of a binding that is no string, is not set', () => {
    const bound: unknown = { env: () => ({ fetch: 1 }) }
    const context = { ...contextWith(), secrets: bound as { env(): string } }
    expect(faultsOf(withToken('env:toString'), contextWith({}))).toHaveLength(1)
    expect(faultsOf(withToken('env:SERVICE'), context)).toHaveLength(1)
  })

  test('with a token in place of the name does not repeat the token', () => {
    expect(faultsOf(withToken('env:kdv_live_AbCdEf')).join()).not.toContain('AbCdEf')
    expect(faultsOf(withToken('env:kdv_live_Ab-CdEf')).join()).not.toContain('CdEf')
  })

  test('missing for several accounts is a fault of each', () => {
    const raw = withToken('env:NOPE')
    raw.accounts.other = { token: 'env:NOPE', nextToken: 'env:NOPE' }
    expect(faultsOf(raw)).toHaveLength(3)
  })
})

describe('file:', () => {
  test.each(['abc', 'abc\n', 'abc\r\n', 'abc\n\n'])(
    'gives the text %j without its trailing newline',
    (text) => {
      const paths: string[] = []
      const context = contextWith({}, (path) => {
        paths.push(path)
        return text
      })
      expect(tokenOf(withToken('file:/run/secrets/kirim'), context)).toBe('abc')
      expect(paths).toEqual(['/run/secrets/kirim'])
    },
  )

  test('that cannot be read is a fault with its name and the reason, not the error’s text', () => {
    const context = contextWith({}, () => {
      throw Object.assign(new Error('hunter2'), { code: 'ENOENT' })
    })
    expect(faultsOf(withToken('file:/run/x'), context)).toEqual([
      'accounts.acme.token: file "/run/x" cannot be read (ENOENT)',
    ])
  })

  test('that is empty is a fault', () => {
    const empty = contextWith({}, () => '\n')
    expect(faultsOf(withToken('file:/run/x'), empty)).toEqual(['accounts.acme.token: file "/run/x" is empty'])
  })

  test('needs a runtime with files, and an absolute path', () => {
    expect(faultsOf(withToken('file:/run/x'))).toEqual([
      'accounts.acme.token: files cannot be read in this runtime; use env:NAME',
    ])
    expect(
      faultsOf(
        withToken('file:run/x'),
        contextWith({}, () => 'abc'),
      ),
    ).toHaveLength(1)
  })
})

describe('a secret', () => {
  test('that is sealed is refused: not supported yet', () => {
    expect(faultsOf(withToken('sealed:v1:AAAA'))).toEqual([
      'accounts.acme.token: sealed secrets are not supported yet; use env:NAME or file:/absolute/path',
    ])
  })

  test('that could not stand in a header is refused without being repeated', () => {
    for (const value of [
      'hunter2 hunter2',
      'hunter2\thunter2',
      'hunter2\nX: y',
      'hunter2é',
      'hunter2\u0000',
    ]) {
      const faults = faultsOf(withToken('env:T'), contextWith({ T: value }))
      expect(faults).toHaveLength(1)
      expect(faults.join()).not.toContain('hunter2')
    }
  })

  test('written out in the config is a fault that never repeats it', () => {
    const literal = fc.string({ minLength: 8 }).map((text) => `x${text}`)
    fc.assert(
      fc.property(literal, literal, (token, url) => {
        const raw = { ...withToken(token), ledger: { kind: 'memory', url } }
        const faults = faultsOf(raw)
        expect(faults.length).toBeGreaterThanOrEqual(2)
        for (const line of faults) {
          expect(line).not.toContain(token)
          expect(line).not.toContain(url)
        }
      }),
    )
  })
})
