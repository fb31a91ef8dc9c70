import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

interface Source {
  /** Path below `src`. */
  readonly path: string
  readonly lines: number
  /** Without comments. */
  readonly code: string
  /** Paths below `src`, type imports included. */
  readonly local: readonly string[]
  readonly packages: readonly string[]
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => read(path.replaceAll('\\', '/')))

function read(path: string): Source {
  const text = readFileSync(join(src, path), 'utf8')
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
  const imports = [
    ...code.matchAll(/^(?:import|export)\s(?:[^'"`;=]*?\sfrom\s)?'([^']+)'/gm),
    ...code.matchAll(/\bimport\('([^']+)'\)/g),
  ].map(([, from = '']) => from)
  return {
    path,
    lines: text.split('\n').length - 1,
    code,
    local: imports.filter((from) => from.startsWith('.')).map((from) => posix.join(dirname(path), from)),
    packages: imports.filter((from) => !from.startsWith('.')),
  }
}

/** `http/app.ts` and `http.ts` are of the room `http`. */
const roomOf = (path: string): string => path.replace(/\.ts$/, '').split('/')[0] ?? ''

const adapters = ['ledger', 'upstream', 'telemetry', 'system']

/** The arrows: what the files of a room may import besides their own. Siblings do not import each other. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ['domain'],
  pipeline: ['domain', 'ports'],
  http: ['domain', 'ports', 'pipeline'],
  config: ['domain'],
  ledger: ['domain', 'ports'],
  upstream: ['domain', 'ports'],
  telemetry: ['domain', 'ports'],
  system: ['domain', 'ports'],
  sandbox: [],
  node: ['domain', 'ports', 'pipeline', 'http', 'config', 'sandbox', ...adapters],
  worker: ['domain', 'ports', 'pipeline', 'http', 'config', ...adapters],
  cli: ['domain', 'config', 'node', 'sandbox'],
}

/** What is imported from outside, and where. Whatever else a file imports is a decision to be made here. */
const outside: readonly (readonly [where: RegExp, what: RegExp])[] = [
  [/^(domain|config)\//, /^(zod(\/.+)?|libphonenumber-js\/core)$/],
  [/^http\//, /^(zod|hono(\/.+)?|@hono\/zod-validator)$/],
  [/^ledger\/memory\/.+\.ts$/, /^lru-cache$/],
  [/^ledger\/durable-object\.ts$/, /^cloudflare:workers$/],
  [/^ledger\/redis(\/.+)?\.ts$/, /^(redis|node:crypto)$/],
  // Adapters of Node that keep the name of what they do: their counterparts are no other runtime's.
  [/^telemetry\/(metrics|tally)\.ts$/, /^prom-client$/],
  [/^upstream\/http1\//, /^node:(net|tls)$/],
  [/^(upstream|system|ledger|telemetry)\/.+-node\.ts$/, /^node:.+$/],
  [/^node(\/.+)?\.ts$/, /^(sonic-boom|@hono\/node-server(\/.+)?|node:.+)$/],
  // A program of its own, for Node alone.
  [/^sandbox\//, /^(zod|hono|@hono\/node-server(\/.+)?|node:.+)$/],
  [/^cli\//, /^(zod|node:.+)$/],
]

describe('imports', () => {
  it('were found', () => {
    expect(sources.length).toBeGreaterThan(50)
    const app = sources.find(({ path }) => path === 'http/app.ts')
    expect(app?.local).toEqual(expect.arrayContaining(['http/post-message.ts', 'http/reply.ts']))
    expect(app?.packages).toContain('hono')
    const run = sources.find(({ path }) => path === 'cli/run.ts')
    expect(run?.local, 'those on demand as well').toContain('cli/serve.ts')
  })

  it('follow the arrows between the rooms', () => {
    const against = sources.flatMap(({ path, local }) => {
      const room = roomOf(path)
      const allowed = [room, ...(arrows[room] ?? [])]
      return local.filter((to) => !allowed.includes(roomOf(to))).map((to) => `${path} → ${to}`)
    })
    expect(against).toEqual([])
  })

  it('know every room', () => {
    expect(sources.map(({ path }) => roomOf(path)).filter((room) => !(room in arrows))).toEqual([])
  })

  it('come from outside only where that is meant', () => {
    const against = sources.flatMap(({ path, packages }) =>
      packages
        .filter((what) => !outside.some(([where, allowed]) => where.test(path) && allowed.test(what)))
        .map((what) => `${path} → ${what}`),
    )
    expect(against).toEqual([])
  })

  it('form no cycle', () => {
    const localOf = new Map(sources.map(({ path, local }) => [path, local]))
    const done = new Set<string>()
    const cycleFrom = (path: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
      if (done.has(path)) return undefined
      for (const to of localOf.get(path) ?? []) {
        const cycle = cycleFrom(to, [...trail, path])
        if (cycle !== undefined) return cycle
      }
      done.add(path)
      return undefined
    }
    const cycles = sources.map(({ path }) => cycleFrom(path, [])?.join(' → ')).filter((cycle) => cycle)
    expect(cycles).toEqual([])
  })

  it('of the Worker reach nothing that needs Node', () => {
    const byPath = new Map(sources.map((source) => [source.path, source]))
    const reached = new Set<string>()
    const walk = (path: string) => {
      if (reached.has(path)) return
      reached.add(path)
      byPath.get(path)?.local.forEach(walk)
    }
    walk('worker.ts')
    expect(reached.size).toBeGreaterThan(20)
    const packages = [...reached].flatMap((path) =>
      (byPath.get(path)?.packages ?? []).map((what) => ({ path, what })),
    )
    const portable =
      /^(zod(\/.+)?|hono(\/.+)?|@hono\/zod-validator|libphonenumber-js\/core|cloudflare:workers)$/
    expect(packages.filter(({ what }) => !portable.test(what))).toEqual([])
  })

  it('of the ports are types, and so is all that they export', () => {
    const ports = sources.find(({ path }) => path === 'ports.ts')
    const statements = ports?.code.match(/^(import|export)\s+\w+/gm) ?? []
    expect(statements.length).toBeGreaterThan(10)
    expect(statements.filter((start) => !/^(import|export)\s+(type|interface)$/.test(start))).toEqual([])
  })
})

/** Places in the code of files whose path is not of `allowed`. */
const uses = (pattern: RegExp, allowed: RegExp): string[] =>
  sources
    .filter(({ path }) => !allowed.test(path))
    .flatMap(({ path, code }) => (code.match(pattern) ?? []).map((found) => `${path}: ${found}`))

describe('globals', () => {
  const programs = /^(sandbox\/|cli\/|node\/|node\.ts$)/

  it('of time and chance are left to the clock and the entropy', () => {
    const ambient =
      /\b(Date\.now|new Date\(\)|performance\.now|set(Timeout|Interval|Immediate)\b|Math\.random|randomUUID|getRandomValues)/g
    expect(uses(ambient, new RegExp(`^system/|${programs.source}`))).toEqual([])
    expect(uses(ambient, programs), 'the rule sees them').toContain('system/clock.ts: Date.now')
  })

  it('of the process are touched by programs only', () => {
    const process = /\bprocess\.\w+/g
    expect(uses(process, /^(cli\/|node\/|node\.ts$)/)).toEqual([])
    expect(uses(process, /^$/), 'the rule sees them').toContain('cli/main.ts: process.exitCode')
  })

  it('of the console are touched by the Worker alone, whose log it is', () => {
    expect(uses(/\bconsole\.\w+/g, /^worker\.ts$/)).toEqual([])
    expect(uses(/\bconsole\.\w+/g, /^$/), 'the rule sees it').toContain('worker.ts: console.log')
  })
})

describe('files', () => {
  it('are of a size that can be read at once', () => {
    expect(sources.filter(({ lines }) => lines > 280).map(({ path, lines }) => `${path}: ${lines}`)).toEqual(
      [],
    )
  })

  it('export by name, but for the Worker, whose runtime asks for a default', () => {
    expect(uses(/\bexport default\b|\bas default\b/g, /^worker\.ts$/)).toEqual([])
  })

  it('are named after what they hold', () => {
    const vague = /^(utils?|types?|helpers?|common|misc|shared|index|constants|manager|service)\.ts$/
    expect(sources.map(({ path }) => path).filter((path) => vague.test(basename(path)))).toEqual([])
    expect(sources.flatMap(({ path }) => path.split('/')).filter((part) => vague.test(`${part}.ts`))).toEqual(
      [],
    )
  })
})
