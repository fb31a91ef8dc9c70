// Bundles the simulator with the gateway's own sources, some of them changed, and runs it.
// Usage: npm run sim -- [--seed S] [--runs N] [--break NAME] [--verbose]; see docs/simulator.md.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Deliberate breakages: one text of a source file stands for another. */
const breakages = {
  'free-key-on-timeout': {
    file: 'src/domain/ledger-rules.ts',
    from: "settlement === 'unknown' || resumed",
    to: 'resumed',
  },
  'no-owner-check': {
    file: 'src/ledger/book.ts',
    from: ' || record.owner !== owner',
    to: '',
  },
  'key-from-request-id': {
    file: 'src/pipeline/send.ts',
    from: 'clientKey ?? ownKey(requestId)',
    to: 'ownKey(requestId)',
  },
  'charge-on-replay': {
    file: 'src/ledger/book.ts',
    from: "if (means.kind === 'replay') return",
    to: `if (means.kind === 'replay') store.writeMeters(entry, charge.class, charged(meters, charge, charge.message !== undefined, now))
      if (means.kind === 'replay') return`,
  },
  'short-lease': {
    file: 'src/pipeline/exchange.ts',
    from: 'timeoutMs + LEASE_MARGIN_MS',
    to: 'timeoutMs / 5',
  },
}

/** What a release changes that normalises otherwise, and says so by its fingerprints. */
const nextRelease = [
  { file: 'src/domain/fingerprint.ts', from: "FINGERPRINT_VERSION = 'v1'", to: "FINGERPRINT_VERSION = 'v2'" },
  {
    file: 'src/domain/message/schemas.ts',
    from: 'preview_url: z.boolean().optional()',
    to: 'preview_url: z.boolean().default(false)',
  },
]

const at = process.argv.indexOf('--break')
const name = at < 0 ? undefined : process.argv[at + 1]
if (name !== undefined && !Object.hasOwn(breakages, name)) {
  process.stderr.write(`--break is one of ${Object.keys(breakages).join(', ')}\n`)
  process.exit(2)
}
const broken = name === undefined ? [] : [breakages[name]]

/** Those that were found in their file. */
const applied = new Set()

/** The text of a source after `patches`; a patch that does not fit exactly once is an error. */
function patched(path, patches) {
  const file = relative(root, path)
  let text = readFileSync(path, 'utf8')
  for (const patch of patches.filter((one) => one.file === file)) {
    const { from, to } = patch
    const found = text.split(from).length - 1
    if (found !== 1) throw new Error(`${file} holds ${found} times, not once: ${from}`)
    text = text.replace(from, () => to)
    applied.add(patch)
  }
  return text
}

const NEXT = 'next-release'

/** Loads the sources with the breakage, and a second time as the next release where `release-next.ts` asks for it. */
const variants = {
  name: 'variants',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\// }, ({ path, importer, namespace, resolveDir }) => {
      const isNext = namespace === NEXT || importer.endsWith('/sim/release-next.ts')
      return isNext ? { path: resolve(resolveDir, path), namespace: NEXT } : undefined
    })
    const load = (patches) => (args) => ({
      contents: patched(args.path, patches),
      loader: args.path.endsWith('.json') ? 'json' : 'ts',
      resolveDir: dirname(args.path),
    })
    builder.onLoad({ filter: /\/src\/.+\.ts$/, namespace: 'file' }, load(broken))
    builder.onLoad({ filter: /.*/, namespace: NEXT }, load([...broken, ...nextRelease]))
  },
}

const folder = join(root, 'node_modules', '.cache', 'sim')
mkdirSync(folder, { recursive: true })
const outfile = join(folder, `${name ?? 'whole'}-${process.pid}.mjs`)
await build({
  entryPoints: [join(root, 'sim', 'main.ts')],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  plugins: [variants],
})

for (const patch of [...broken, ...nextRelease]) {
  if (!applied.has(patch)) throw new Error(`${patch.file} is not in the bundle`)
}

try {
  await import(pathToFileURL(outfile).href)
} finally {
  rmSync(outfile, { force: true })
}
