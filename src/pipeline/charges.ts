import type { Charge, RateClass } from '../domain/limits.ts'
import type { Tenant } from '../domain/tenant.ts'

/** Read receipts spend write tokens but are no messages (interface §6). */
export const writeCharge = (tenant: Tenant, isMessage: boolean): Charge =>
  isMessage ? messageCharge(tenant) : receiptCharge(tenant)

const receiptCharge = oncePerTenant((tenant) => chargeOf(tenant, 'write'))
const messageCharge = oncePerTenant((tenant) => {
  const { messagesPerDay, messagesPerMonth } = tenant.quotas
  const message = {
    ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
    ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
  }
  return { ...chargeOf(tenant, 'write'), message }
})

export const readCharge = oncePerTenant((tenant) => chargeOf(tenant, 'read'))

function chargeOf(tenant: Tenant, rateClass: RateClass): Charge {
  const { account, quotas } = tenant
  return {
    class: rateClass,
    tenantPerMinute: quotas[`${rateClass}PerMinute`],
    accountPerMinute: account[`${rateClass}PerMinute`],
    maxConcurrent: quotas.maxConcurrent,
    share: shareOf(tenant),
  }
}

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
