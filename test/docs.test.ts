import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type LoadContext, loadConfig } from '../src/config.ts'
import { catalogue } from '../src/domain/errors.ts'
import { demoCurl, demoKey } from '../src/node/demo.ts'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('../docs', import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

describe('the documentation', () => {
  it.each(Object.entries(catalogue))('lists the error %s with its status', (code, { status }) => {
    const row = read('docs/api.md')
      .split('\n')
      .find((line) => line.startsWith('|') && line.includes(`\`${code}\``) && line.includes(`| ${status} |`))
    expect(row).toBeDefined()
  })

  it('names every environment variable where the process reads them', () => {
    for (const name of ['GATEWAY_CONFIG', 'GATEWAY_SECRET', 'HOST', 'PORT', 'METRICS_PORT', 'LOG_LEVEL']) {
      expect(read('src/node/environment.ts')).toContain(`'${name}'`)
      expect(read('docs/configuration.md')).toContain(`\`${name}\``)
    }
  })

  it('shows a request with the key that sandbox mode really has', () => {
    expect(read('README.md')).toContain(`Bearer ${demoKey}`)
    expect(demoCurl('http://127.0.0.1:8787')).toContain(demoKey)
  })

  it.each(pages)('%s links only to files that exist', (page) => {
    const base = new URL(`../${page}`, import.meta.url)
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      const isFolder = target.endsWith('/')
      const look = () => (isFolder ? readdirSync(new URL(target, base)) : readFileSync(new URL(target, base)))
      expect(look, `${page} → ${target}`).not.toThrow()
    }
  })

  it('has an example config that loads on Node and on Workers', () => {
    const secrets = { env: () => 'kdv_live_example' }
    const contexts: LoadContext[] = [
      { secrets, ledgers: ['memory'], defaultLedger: 'memory' },
      { secrets, ledgers: ['durable-object'], defaultLedger: 'durable-object' },
    ]
    for (const context of contexts) {
      const loaded = loadConfig(read('gateway.config.example.json'), context)
      expect(loaded.ok ? [] : loaded.faults).toEqual([])
    }
  })
})
