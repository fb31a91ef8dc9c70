import { createHash } from 'node:crypto'
import type { Connection } from './connection.ts'

/** A Lua script and the name that Redis knows it by once it has seen it. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

export const script = (text: string): Script => ({
  text,
  sha1: createHash('sha1').update(text).digest('hex'),
})

/**
 * Runs a script in one round trip; in two where the server does not know it: the first time, after a restart, after
 * `SCRIPT FLUSH`. Rejects as `Connection.send` does.
 */
export async function run(
  { text, sha1 }: Script,
  connection: Connection,
  keys: readonly [string, ...string[]],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args]
  try {
    return await connection.send(keys[0], ['EVALSHA', sha1, ...rest])
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return connection.send(keys[0], ['EVAL', text, ...rest])
  }
}
