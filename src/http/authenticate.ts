import { type Failure, failure } from '../domain/errors.ts'
import { type Credential, mayUseNumber, type Scope } from '../domain/tenant.ts'
import { chain } from '../pipeline/chain.ts'
import type { Clock, Digest, MaybePromise, TenantDirectory } from '../ports.ts'

export interface AuthenticatePorts {
  readonly clock: Clock
  readonly digest: Digest
  readonly directory: TenantDirectory
}

const scheme = /^Bearer +/i
/** Two headers arrive joined by ", ", so a value with a blank in it is never a key. */
const visible = /^[\x21-\x7e]+$/

const keyIn = (authorization: string): string | undefined => {
  const key = authorization.replace(scheme, '')
  return key !== authorization && visible.test(key) ? key : undefined
}

const missing = failure('missing_api_key')
const invalid = failure('invalid_api_key')
const expired = failure('expired_api_key')
const suspended = failure('tenant_suspended')

/**
 * Who calls? Gives the credential, or the 401 or 403. Malformed headers are hashed and looked up like unknown
 * keys, so that neither text nor time tells them apart.
 */
export function authenticate(
  { clock, digest, directory }: AuthenticatePorts,
  authorization: string | undefined,
): MaybePromise<Credential | Failure> {
  if (authorization === undefined || authorization === '') return missing
  const key = keyIn(authorization)
  const found = chain(digest.sha256(key ?? authorization), (hash) => directory.byKeyHash(hash))
  return chain(found, (credential) => {
    if (credential === undefined || key === undefined) return invalid
    const { expiresAt } = credential.key
    if (expiresAt !== undefined && expiresAt <= clock.now()) return expired
    return credential.tenant.suspended ? suspended : credential
  })
}

/**
 * Why the credential may not do this with the number; undefined: it may. Foreign, unknown and malformed numbers
 * look alike.
 */
export function authorize(
  { key, tenant }: Credential,
  scope: Scope,
  phoneNumberId: string,
): Failure | undefined {
  if (key.scopes !== undefined && !key.scopes.has(scope)) {
    return failure('scope_not_allowed', {
      message: `The gateway key does not have the scope "${scope}".`,
    })
  }
  return mayUseNumber(tenant, phoneNumberId) ? undefined : failure('resource_not_found')
}
