import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { run } from '../../src/cli/run.ts'

/** The time that commands under test take for now. */
export const NOW = Date.UTC(2026, 0, 1)

export interface Ran {
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

/** Runs a command line (split at blanks) without a process and keeps what it printed. */
export async function kirimGateway(
  line: string | readonly string[],
  given: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
): Promise<Ran> {
  const printed = { out: '', err: '' }
  const { env = {}, stdin } = given
  const code = await run(typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line, {
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    env,
    now: () => NOW,
    ...(stdin !== undefined && { stdin: async () => stdin }),
  })
  return { code, ...printed }
}

/** A new directory that goes away with the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'kirim-gateway-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
