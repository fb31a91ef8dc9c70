// Builds dist/: the command line and the embedded sandbox as ESM for Node, dependencies included, so that a start
// reads a few files instead of a few hundred. Usage: node scripts/build.js [folder]
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
// Built aside and put in place whole: another run may be using dist, and a failed build leaves nothing behind.
const fresh = join(root, `.dist-${process.pid}`)

try {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts', 'src/sandbox/serve.ts'],
    outdir: fresh,
    outbase: 'src',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    logLevel: 'warning',
    // CommonJS packages among the dependencies ask for Node's modules by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
