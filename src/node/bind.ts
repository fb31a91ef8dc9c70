import type { ConfigFault } from '../config/faults.ts'

export type Bound<T> =
  | { readonly ok: true; readonly bound: T }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** Waits for a server to listen. An address that cannot be had is a fault of `variable`, not a bug. */
export async function bind<T>(
  variable: string,
  { host, port }: { readonly host: string; readonly port: number },
  listening: Promise<T>,
): Promise<Bound<T>> {
  try {
    return { ok: true, bound: await listening }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    const message = `cannot listen on ${host}:${port} (${String(error.code)})`
    return { ok: false, faults: [{ path: variable, message }] }
  }
}
