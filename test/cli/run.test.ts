import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kirimGateway } from './terminal.ts'

describe('the command line', () => {
  test.each(['', 'help', '--help', '-h', 'keys create --help', 'serve -h'])(
    'prints its usage for %j',
    async (line) => {
      const { code, out, err } = await kirimGateway(line)
      expect(code).toBe(0)
      expect(err).toBe('')
      for (const command of [
        'serve',
        'sandbox',
        'keys create',
        'keys verify',
        'tokens seal',
        'config check',
        'config schema',
      ]) {
        expect(out).toContain(`\n  ${command} `)
      }
    },
  )

  test.each(['nonsense', 'keys', 'keys destroy', 'config', 'toString', 'create keys'])(
    'prints its usage to stderr and exits with 2 for %j',
    async (line) => {
      const { code, out, err } = await kirimGateway(line)
      expect(code).toBe(2)
      expect(out).toBe('')
      expect(err).toContain('there is no such command')
      expect(err).toContain('Usage: kirim-gateway')
    },
  )

  test('exits with 2 and says what is wrong for an unknown option', async () => {
    const { code, out, err } = await kirimGateway('keys create --tennant billing')
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('--tennant')
    expect(err).toContain('See kirim-gateway help.')
  })

  test('starts with a line that lets a shell run it', () => {
    const main = readFileSync(new URL('../../src/cli/main.ts', import.meta.url), 'utf8')
    expect(main).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

describe('tokens seal', () => {
  test('says that sealing is not available, and repeats nothing', async () => {
    const { code, out, err } = await kirimGateway('tokens seal hunter2', { stdin: 'hunter2' })
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('not available in this version')
    expect(err).not.toContain('hunter2')
  })
})

describe('config schema', () => {
  test('prints the file that is checked in', async () => {
    const { code, out } = await kirimGateway('config schema')
    expect(code).toBe(0)
    expect(out).toBe(readFileSync(new URL('../../gateway.schema.json', import.meta.url), 'utf8'))
  })
})
