import { createMiddleware } from 'hono/factory'
import { mayUseNumber, type Scope } from '../domain/tenant.ts'
import type { Clock, Digest, TenantDirectory } from '../ports.ts'
import type { GatewayEnv } from './context.ts'
import { refuse } from './reply.ts'

export interface AuthenticatePorts {
  readonly clock: Clock
  readonly digest: Digest
  readonly directory: TenantDirectory
}

/** Two headers arrive joined by ", ", so a value with a blank in it is never a key. */
const bearer = /^Bearer +([\x21-\x7e]+)$/i

/**
 * Who calls? Sets `credential`, or answers 401 or 403. Malformed headers are hashed and looked up like
 * unknown keys, so that neither text nor time tells them apart.
 */
export const authenticate = ({ clock, digest, directory }: AuthenticatePorts) =>
  createMiddleware<GatewayEnv>(async (c, next) => {
    const header = c.req.header('authorization')
    if (header === undefined || header === '') return refuse(c, 'missing_api_key')
    const key = bearer.exec(header)?.[1]
    const credential = await directory.byKeyHash(await digest.sha256(key ?? header))
    if (credential === undefined || key === undefined) return refuse(c, 'invalid_api_key')
    const { expiresAt } = credential.key
    if (expiresAt !== undefined && expiresAt <= clock.now()) return refuse(c, 'expired_api_key')
    if (credential.tenant.suspended) return refuse(c, 'tenant_suspended')
    c.set('credential', credential)
    return await next()
  })

/** Does the key have the scope, and the tenant the number? Foreign, unknown and malformed numbers look alike. */
export const authorize = (scope: Scope) =>
  createMiddleware<GatewayEnv, '/v1/:phoneNumberId'>(async (c, next) => {
    const { key, tenant } = c.get('credential')
    if (key.scopes !== undefined && !key.scopes.has(scope)) {
      return refuse(c, 'scope_not_allowed', {
        message: `The gateway key does not have the scope "${scope}".`,
      })
    }
    const phoneNumberId = c.req.param('phoneNumberId')
    if (!mayUseNumber(tenant, phoneNumberId)) return refuse(c, 'resource_not_found')
    c.set('phoneNumberId', phoneNumberId)
    return await next()
  })
