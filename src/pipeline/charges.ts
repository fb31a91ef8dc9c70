import type { Charge, RateClass } from '../domain/limits.ts'
import { oncePer } from '../domain/once-per.ts'
import type { Tenant } from '../domain/tenant.ts'

// Tenants of a config never change, and a new config has new ones, so their charges are made once.

/** Read receipts spend write tokens but are no messages (interface §6). */
export const writeCharge = (tenant: Tenant, isMessage: boolean): Charge =>
  isMessage ? messageCharge(tenant) : receiptCharge(tenant)

const receiptCharge = oncePer((tenant: Tenant) => chargeOf(tenant, 'write'))
const messageCharge = oncePer((tenant: Tenant) => {
  const { messagesPerDay, messagesPerMonth } = tenant.quotas
  const message = {
    ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
    ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
  }
  return { ...chargeOf(tenant, 'write'), message }
})

export const readCharge = oncePer((tenant: Tenant) => chargeOf(tenant, 'read'))

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
