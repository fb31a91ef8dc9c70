// Builds dist/ if it is missing or older than the sources, then runs the command line from it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const main = join(dist, 'cli', 'main.js')

const newest = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)

const isCurrent = () => existsSync(main) && statSync(main).mtimeMs >= newest(join(root, 'src'))

if (!isCurrent()) {
  // Built aside and put in place whole: another run may be using dist, and a failed build leaves nothing behind.
  const fresh = join(root, `.dist-${process.pid}`)
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const built = spawnSync(
    process.execPath,
    [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  if (built.status !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    process.exit(built.status ?? 1)
  }
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
}

await import(pathToFileURL(main).href)
