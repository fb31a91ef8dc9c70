import type { EpochMs } from '../domain/tenant.ts'

/** What a command may touch of its process, so that tests can stand in for it. */
export interface Io {
  /** Writes `text` as it is to stdout: results only. */
  out(text: string): void
  /** Writes `text` as it is to stderr: faults, notes. */
  err(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  now(): EpochMs
  /** All of stdin as text. */
  stdin?(): Promise<string>
}

/** Resolves to the exit code: 0 done, 1 refused or failed, 2 called wrongly; undefined: keep running. */
export type Command = (args: string[], io: Io) => Promise<number | undefined>

/** Ends a command with a message for the terminal: 2 it was called wrongly, 1 it could not do its work. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: 1 | 2

  constructor(exitCode: 1 | 2, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

export const usageError = (message: string): CommandError => new CommandError(2, message)
