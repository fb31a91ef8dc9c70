// Modules of src/ by themselves: in dist/ they are parts of one bundle.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const src = fileURLToPath(new URL('../../src', import.meta.url))

/** What `src/<path>` exports. */
export async function source(path) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-source-'))
  const outfile = join(folder, 'module.mjs')
  await build({
    entryPoints: [join(src, path)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const module = await import(pathToFileURL(outfile).href)
  rmSync(folder, { recursive: true })
  return module
}
