import { type Account, Secret, type Tenant } from '../src/domain/tenant.ts'
import type { Limits, Plan } from './plan.ts'

export const ACCOUNT = 'acme'
export const NUMBER = '106540352242922'
/** Two tokens, for rotations. */
export const oldToken = 'kdv_live_CANARY_old_aaaaaaaaaaaaaa'
export const newToken = 'kdv_live_CANARY_new_bbbbbbbbbbbbbb'

export type Tenants = ReadonlyMap<string, Tenant>

/** The configs that replicas load one after the other. A rotation ends with the new token alone. */
export function buildConfigs({ limits: [first, second], tenants, rotates }: Plan): readonly Tenants[] {
  if (!rotates) return [buildConfig(first, tenants, oldToken), buildConfig(second, tenants, oldToken)]
  return [
    buildConfig(first, tenants, oldToken),
    buildConfig(second, tenants, oldToken, newToken),
    buildConfig(second, tenants, newToken),
  ]
}

function buildConfig(limits: Limits, ids: readonly string[], token: string, nextToken?: string): Tenants {
  const { tenantPerMinute, accountPerMinute, perDay, perMonth, maxConcurrent } = limits
  const account: Account = {
    id: ACCOUNT,
    token: new Secret(token),
    ...(nextToken !== undefined && { nextToken: new Secret(nextToken) }),
    writePerMinute: accountPerMinute,
    readPerMinute: accountPerMinute,
    weights: ids.length,
  }
  const quotas = {
    writePerMinute: tenantPerMinute,
    readPerMinute: tenantPerMinute,
    ...(perDay !== undefined && { messagesPerDay: perDay }),
    ...(perMonth !== undefined && { messagesPerMonth: perMonth }),
    maxConcurrent,
  }
  const build = (id: string): Tenant => {
    return { id, account, phoneNumberIds: '*', defaultCountry: 'ID', quotas, weight: 1, suspended: false }
  }
  return new Map(ids.map((id) => [id, build(id)]))
}
