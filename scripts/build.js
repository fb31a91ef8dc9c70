// Builds dist/: the command line and the embedded sandbox as ESM for Node, dependencies included, so that a start
// reads a few files instead of a few hundred. The sandbox and the demo config are for other scripts. Usage: node scripts/build.js [folder]
import { renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
// Built aside and put in place whole: another run may be using dist, and a failed build leaves nothing behind.
const fresh = `${dist}-${process.pid}`

try {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts', 'src/sandbox/serve.ts', 'src/node/demo.ts'],
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
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
