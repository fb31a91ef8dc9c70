import type { Charge } from '../domain/limits.ts'
import type { Tenant } from '../domain/tenant.ts'

/** Read receipts spend write tokens but are no messages (interface §6). */
export const writeCharge = (tenant: Tenant, isMessage: boolean): Charge =>
  isMessage ? messageCharge(tenant) : receiptCharge(tenant)

const receiptCharge = oncePerTenant((tenant) => writeChargeOf(tenant, undefined))
const messageCharge = oncePerTenant((tenant) => {
  const { messagesPerDay, messagesPerMonth } = tenant.quotas
  return writeChargeOf(tenant, {
    ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
    ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
  })
})

function writeChargeOf(tenant: Tenant, message: Charge['message']): Charge {
  const { account, quotas } = tenant
  return {
    class: 'write',
    tenantPerMinute: quotas.writePerMinute,
    accountPerMinute: account.writePerMinute,
    maxConcurrent: quotas.maxConcurrent,
    share: shareOf(tenant),
    ...(message && { message }),
  }
}

export const readCharge = oncePerTenant((tenant: Tenant): Charge => {
  const { account, quotas } = tenant
  return {
    class: 'read',
    tenantPerMinute: quotas.readPerMinute,
    accountPerMinute: account.readPerMinute,
    maxConcurrent: quotas.maxConcurrent,
    share: shareOf(tenant),
  }
})

/** What the tenant is certain of when the limits of its account are contended. */
const shareOf = ({ account, weight }: Tenant): NonNullable<Charge['share']> => ({
  weight,
  of: account.weights,
})

/** What `make` makes of a tenant, made once: tenants of a config never change, and a new config has new ones. */
function oncePerTenant<T extends object>(make: (tenant: Tenant) => T): (tenant: Tenant) => T {
  const made = new WeakMap<Tenant, T>()
  return (tenant) => {
    let one = made.get(tenant)
    if (one === undefined) {
      one = make(tenant)
      made.set(tenant, one)
    }
    return one
  }
}
