import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Miniflare, type MiniflareOptions } from 'miniflare'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface WorkerBundle {
  /** The text of the one module. */
  readonly script: string
  readonly gzipBytes: number
  /** Source files that something of is in the bundle. */
  readonly inputs: readonly string[]
  /** Modules that the bundle expects of the runtime. */
  readonly imports: readonly string[]
}

interface Metafile {
  readonly outputs: Record<
    string,
    { readonly inputs: Record<string, unknown>; readonly imports: readonly { readonly path: string }[] }
  >
}

/** Builds what `wrangler deploy` would upload. */
export function buildWorker(): WorkerBundle {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-worker-'))
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--metafile', '--outdir', folder], {
    cwd: root,
    stdio: 'pipe',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
  })
  const script = readFileSync(join(folder, 'worker.js'), 'utf8')
  const { outputs } = JSON.parse(readFileSync(join(folder, 'bundle-meta.json'), 'utf8')) as Metafile
  const outputList = Object.values(outputs)
  return {
    script,
    gzipBytes: gzipSync(script).length,
    inputs: outputList.flatMap(({ inputs }) => Object.keys(inputs)),
    imports: outputList.flatMap(({ imports }) => imports.map(({ path }) => path)),
  }
}

export interface RunningWorker {
  readonly miniflare: Miniflare
  /** All that the runtime has written so far. */
  log(): string
}

/** Runs the built Worker in plain workerd, with its ledger and `bindings`. */
export function runWorker(
  script: string,
  bindings: Record<string, string>,
  more: Partial<MiniflareOptions> = {},
): RunningWorker {
  let log = ''
  const options: MiniflareOptions = {
    modules: true,
    script,
    compatibilityDate: '2026-04-26',
    durableObjects: { LEDGER: { className: 'LedgerObject', useSQLite: true } },
    bindings,
    host: '127.0.0.1',
    port: 0,
    cf: false,
    handleRuntimeStdio(...streams: Readable[]) {
      for (const stream of streams) {
        stream.on('data', (chunk: Buffer) => {
          log += String(chunk)
        })
      }
    },
  }
  return { miniflare: new Miniflare({ ...options, ...more } as MiniflareOptions), log: () => log }
}
