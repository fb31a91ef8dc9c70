import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/sim.js', import.meta.url))
const page = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8')

/** Thousands of schedules on a machine that has other work as well. */
const LONG_MS = 15 * 60_000

interface Ran {
  readonly code: number | null
  readonly out: string
}

const sim = (...args: string[]): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (data) => {
      out += String(data)
    })
    child.stderr.on('data', (data) => {
      out += String(data)
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out }))
  })

/** Rows of the page's table: `name` | seed | promise. */
const documented = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (.+?) \|$/gm)].map(
  ([, name = '', seed = '', promise = '']) => ({ name, seed, promise }),
)

describe('the simulator', () => {
  it(
    'finds them kept as well by an upstream that looks for the number before it looks at the key',
    async () => {
      const { code, out } = await sim('--seed', '1', '--runs', '5000', '--number-first')
      expect(code, out.slice(0, 10_000)).toBe(0)
      expect(out).toContain('5000 schedules held')
    },
    LONG_MS,
  )

  it(
    'finds every promise kept in 20,000 schedules, and reaches what it is meant to reach',
    async () => {
      const ran = await Promise.all(
        ['1', '10001'].map((seed) => sim('--seed', seed, '--runs', '10000', '--verbose')),
      )
      for (const { code, out } of ran) {
        expect(code, out.slice(0, 10_000)).toBe(0)
        expect(out).toContain('10000 schedules held')
        const reached = out.split('\n').map((line) => line.replace(/^ *\d+ {2}/, ''))
        expect(reached).toEqual(
          expect.arrayContaining([
            'crash',
            'pause',
            'open: go, resumed',
            'open: other_version',
            'open: mismatch',
            'settle: lost',
            'event: lease_lost',
            'event: breaker',
            'event: account_paused',
            'event: token_refused',
            'upstream: replay',
            'upstream: in progress',
            'incident: ledger_outage',
            'incident: upstream_outage',
            'incident: number_gone',
            'ledger: reply lost',
            'ledger: request lost',
          ]),
        )
      }
    },
    LONG_MS,
  )

  it('is documented with all of its breakages', async () => {
    const { code, out } = await sim('--break', 'nothing')
    expect(code).toBe(2)
    const known = out.replace(/^--break is one of /, '').trim()
    expect(documented.map(({ name }) => name)).toEqual(known.split(', '))
  })

  it.each(documented)(
    'catches $name with seed $seed, twice in the same words',
    async ({ name, seed, promise }) => {
      const [once, twice] = await Promise.all(
        [1, 2].map(() => sim('--break', name, '--seed', seed, '--runs', '1')),
      )
      expect(once?.code).toBe(1)
      expect(once?.out.split('\n')[0]).toBe(`seed ${seed} breaks: ${promise}`)
      expect(once?.out).toMatch(/^ +\d+ {2}gateway \d.*: takes req_/m)
      expect(twice).toEqual(once)
      expect((await sim('--seed', seed, '--runs', '1')).code, 'unbroken').toBe(0)
    },
    LONG_MS,
  )
})
