import type { Credential } from '../domain/tenant.ts'
import type { TenantDirectory } from '../ports.ts'

/**
 * Tenants by the hash of the presented key. A look-up by hash leaks nothing through its time: the caller cannot
 * choose the hash, so neighbouring guesses have unrelated ones.
 */
export function createDirectory(config: {
  readonly credentials: ReadonlyMap<string, Credential>
}): TenantDirectory {
  return { byKeyHash: (hash) => config.credentials.get(hash) }
}
