/** One thing that is wrong with the config: where, and what to do. Never holds a secret. */
export interface ConfigFault {
  /** Dotted, e.g. `tenants.billing.keys.0.sha256`; `(root)` for the whole text. */
  readonly path: string
  readonly message: string
}

export type ConfigPath = readonly PropertyKey[]

/** Makes the fault at `path`. */
export function fault(path: ConfigPath, message: string): ConfigFault {
  return { path: renderPath(path), message }
}

/** Dotted; names with characters of their own are quoted. */
export function renderPath(path: ConfigPath): string {
  return path.length === 0 ? '(root)' : path.map(renderSegment).join('.')
}

/** One line per fault, for a terminal or a log. */
export function formatFaults(faults: readonly ConfigFault[]): string {
  return faults.map(({ path, message }) => `${path}: ${message}\n`).join('')
}

/** Prefixes of the credentials that people paste into the wrong place. */
const credential = /kdv_live_|kgw_|whsec_/i
const MAX_NAME_LENGTH = 64

/**
 * `name` as it may be shown: names come from the config's author and can be anything, a pasted token or
 * terminal control characters included.
 */
export function showName(name: string): string {
  if (credential.test(name)) return '(withheld: looks like a credential)'
  const short = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, '?')
}

function renderSegment(segment: PropertyKey): string {
  const text = String(segment)
  const plain = /^[A-Za-z0-9_$-]{1,64}$/.test(text) && !credential.test(text)
  return plain ? text : showName(text)
}
