import {
  type Caller,
  DAY,
  type Fault,
  faults,
  HOUR,
  type Incident,
  type Job,
  type LedgerManner,
  type Limits,
  MINUTE,
  type Plan,
  type Role,
} from './plan.ts'
import type { Random } from './random.ts'

/** Draws what one schedule is about. */
export function drawPlan(random: Random, numberFirst: boolean): Plan {
  const { chance, between, pick } = random
  const ledger: LedgerManner = chance(0.55) ? 'redis' : chance(0.7) ? 'object' : 'memory'
  const replicas = ledger === 'memory' ? 1 : between(2, 4)
  const isLong = chance(0.25)
  const calmFrom = isLong ? between(25 * HOUR, 50 * HOUR) : between(MINUTE, 15 * MINUTE)
  const tenants = chance(0.5) ? ['t0'] : ['t0', 't1']
  const rotates = chance(0.2)
  const dedupes = chance(0.85)
  const deploys = ledger !== 'memory' && chance(0.2)
  const burstAt = chance(0.03) ? between(0, MINUTE) : undefined
  const incidents = drawIncidents(random, { replicas, calmFrom, rotates, deploys, ledger, dedupes })
  const jobs = Array.from({ length: between(1, 5) }, (_, index) =>
    drawJob(random, index, tenants, calmFrom, isLong),
  )
  if (burstAt !== undefined) {
    jobs.push(drawBurst(random, burstAt))
    incidents.push({ kind: 'upstream_outage', at: burstAt, forMs: between(2000, 20_000) })
  }
  return {
    epoch: drawEpoch(random),
    ledger,
    localLimits: ledger === 'redis' && chance(0.3),
    replicas,
    tenants,
    timeoutMs: pick([35_000, 35_000, 10_000, 2000]),
    maxRetries: pick([0, 1, 2, 2, 5]),
    upstream: { dedupes, numberFirst, perMinute: chance(0.2) ? between(2, 10) : 600 },
    rates: drawRates(random),
    calmFrom,
    incidents,
    jobs,
    limits: [drawLimits(random), drawLimits(random)],
    rotates,
    deploys,
  }
}

/** Often shortly before a day or a month ends. */
function drawEpoch({ chance, between, pick }: Random): number {
  const month = pick([0, 1, 5, 11])
  const day = chance(0.3) ? Date.UTC(2026, month + 1, 0) : Date.UTC(2026, month, between(1, 27))
  return day + (chance(0.4) ? between(DAY - 10 * MINUTE, DAY - 1) : between(0, DAY - 1))
}

function drawRates({ chance, pick }: Random): Record<Fault, number> {
  const quiet = chance(0.1)
  const rates = {} as Record<Fault, number>
  for (const fault of faults) rates[fault] = quiet || chance(0.6) ? 0 : pick([0.03, 0.1, 0.3])
  // Asked at every step of a process, not at every request.
  rates.crash /= 10
  return rates
}

function drawLimits({ chance, between }: Random): Limits {
  const small = <T>(limit: number, otherwise: T): number | T => (chance(0.2) ? limit : otherwise)
  return {
    tenantPerMinute: small(between(1, 10), 600),
    accountPerMinute: small(between(2, 20), 600),
    perDay: small(between(1, 6), undefined),
    perMonth: small(between(2, 12), undefined),
    maxConcurrent: small(between(1, 4), 64),
  }
}

function drawIncidents(
  { chance, between, pick }: Random,
  {
    replicas,
    calmFrom,
    rotates,
    deploys,
    ledger,
    dedupes,
  }: Pick<Plan, 'replicas' | 'calmFrom' | 'rotates' | 'deploys' | 'ledger'> &
    Pick<Plan['upstream'], 'dedupes'>,
): Incident[] {
  // Most of what is worth disturbing happens in the first minutes.
  const busyUntil = Math.min(calmFrom, 3 * MINUTE)
  const moment = () => between(0, busyUntil)
  const span = () => pick([between(100, 3000), between(3000, 60_000)])
  const incidents: Incident[] = []
  for (let replica = 0; replica < replicas; replica += 1) {
    if (ledger !== 'memory' && chance(0.3)) incidents.push({ kind: 'crash', at: moment(), replica })
    if (chance(0.3)) incidents.push({ kind: 'pause', at: moment(), replica, forMs: pick([span(), 70_000]) })
    if (chance(0.3)) incidents.push({ kind: 'reload', at: moment(), replica, version: 1 })
    if (deploys) incidents.push({ kind: 'deploy', at: moment(), replica })
  }
  if (ledger !== 'memory' && chance(0.25))
    incidents.push({ kind: 'ledger_outage', at: moment(), forMs: span() })
  if (chance(0.2)) incidents.push({ kind: 'upstream_outage', at: moment(), forMs: span() })
  if (chance(0.1) && dedupes) incidents.push({ kind: 'number_gone', at: moment(), forMs: span() })
  if (rotates) {
    incidents.push({ kind: 'token_revoked', at: moment() })
    for (let replica = 0; replica < replicas; replica += 1) {
      incidents.push({ kind: 'reload', at: moment(), replica, version: 1 })
    }
  }
  return incidents
}

function drawJob(
  random: Random,
  index: number,
  tenants: readonly string[],
  calmFrom: number,
  isLong: boolean,
): Job {
  const { chance, between, pick } = random
  const startsAt = between(0, Math.min(calmFrom, 2 * MINUTE))
  const role = (): Role => (chance(0.7) ? 'patient' : pick(['impatient', 'gives_up']))
  const callers: Caller[] = [{ role: role(), startsAt, variant: 0 }]
  const isKeyed = chance(0.85)
  if (isKeyed) {
    // At the same moment, on several replicas.
    if (chance(0.4)) {
      for (let more = between(1, 3); more > 0; more -= 1) {
        callers.push({ role: role(), startsAt: startsAt + pick([0, between(0, 3000)]), variant: 0 })
      }
    }
    if (chance(0.3)) callers.push({ role: role(), startsAt: startsAt + between(1000, 120_000), variant: 0 })
    // Another message under the same key.
    if (chance(0.15)) {
      callers.push({ role: 'gives_up', startsAt: startsAt + pick([0, between(0, 90_000)]), variant: 1 })
    }
    if (isLong && chance(0.3)) {
      // One that is under way when the day of the key ends, and one right after it.
      const end = startsAt + DAY
      callers.push({ role: 'gives_up', startsAt: end - between(0, 15_000), variant: 0 })
      callers.push({ role: 'gives_up', startsAt: end + between(0, 15_000), variant: 0 })
    }
    if (isLong && chance(0.6)) {
      const later = pick([
        between(HOUR, 23 * HOUR),
        DAY + between(-90_000, 90_000),
        DAY + between(-3000, 3000),
      ])
      callers.push({ role: pick(['patient', 'gives_up']), startsAt: startsAt + later, variant: 0 })
      if (chance(0.3))
        callers.push({ role: 'patient', startsAt: startsAt + later + between(0, 2 * HOUR), variant: 0 })
    }
  }
  return {
    tenant: pick(tenants),
    key: isKeyed ? `k${index}` : undefined,
    isRefused: chance(0.08),
    callers,
  }
}

/** As many requests as it takes to make a breaker open. */
function drawBurst({ between }: Random, startsAt: number): Job {
  const callers = Array.from(
    { length: between(40, 80) },
    (): Caller => ({ role: 'gives_up', startsAt: startsAt + between(0, 4000), variant: 0 }),
  )
  return { tenant: 't0', key: undefined, isRefused: false, callers }
}
