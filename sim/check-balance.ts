import { periodStart } from '../src/domain/limits.ts'
import { leaseMs } from '../src/pipeline/exchange.ts'
import type { LedgerEntry } from '../src/ports.ts'
import type { Claims } from './claims.ts'
import { ACCOUNT } from './config.ts'
import type { LedgerServer } from './ledger-server.ts'
import type { Plan } from './plan.ts'
import { invariants } from './truth.ts'
import type { World } from './world.ts'

/** Above every count, so that what is left tells what was used. */
const MANY = 1_000_000

/** Holds the ledger to its books when all is quiet: counts are those of messages, and no lease is left. */
export async function checkBalance(
  world: World,
  plan: Plan,
  server: LedgerServer,
  claims: Claims,
): Promise<void> {
  for (const tenant of plan.tenants) {
    const { day, month } = await server.standings(probeOf(tenant))
    for (const [period, window] of [
      ['day', day],
      ['month', month],
    ] as const) {
      const used = MANY - (window?.remaining ?? 0)
      const counted = claims.counted(tenant, periodStart(period, server.clock.now()), period)
      if (used !== counted) {
        const detail = `${tenant} has used ${used} of its ${period}, and ${counted} were counted and not given back`
        world.violate(invariants.balance, detail)
      }
    }
  }
  // A process that died left its leases, which end by themselves.
  world.after(2 * leaseMs(plan.timeoutMs), () => {})
  await world.run()
  for (const tenant of plan.tenants) {
    const opened = await server.open(probeOf(tenant))
    if (opened.kind === 'refused' && opened.by === 'concurrency') {
      world.violate(invariants.balance, `a lease of ${tenant} is left when nothing is under way`)
    }
  }
}

const probeOf = (tenant: string): LedgerEntry => ({
  account: ACCOUNT,
  tenant,
  owner: `probe of ${tenant}`,
  leaseMs: 1,
  charge: {
    class: 'write',
    tenantPerMinute: 600,
    accountPerMinute: 600,
    maxConcurrent: 1,
    message: { perDay: MANY, perMonth: MANY },
  },
})
