import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'

const resolveDir = fileURLToPath(new URL('../../src/node', import.meta.url))

/** What a process writes to its standard output that runs `script` with an `output`. */
function written(script: string): Promise<string> {
  const contents = `import { standardOutput } from './log-output.ts'
    const output = standardOutput()
    ${script}`
  const built = buildSync({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    platform: 'node',
    write: false,
  })
  const [file] = built.outputFiles
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--eval', file?.text ?? ''], { maxBuffer: 2 ** 24 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
}

describe('standard output', () => {
  it('has all lines in their order once it was flushed', async () => {
    const text = await written(`
      for (let i = 0; i < 20_000; i += 1) output.write('line ' + i + '\\n')
      output.flush(() => process.exit(0))`)
    expect(text).toBe(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''))
  })

  it('gets a line by itself when no other follows', async () => {
    expect(await written(`output.write('alone\\n')`)).toBe('alone\n')
  })
})
