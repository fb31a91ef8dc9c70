import type { Clock } from '../src/ports.ts'
import { startCaller } from './caller.ts'
import { createAnswerCheck } from './check-answer.ts'
import { checkBalance } from './check-balance.ts'
import { createClaims } from './claims.ts'
import { createCluster } from './cluster.ts'
import { ACCOUNT, oldToken } from './config.ts'
import { drawPlan } from './draw-plan.ts'
import { scheduleIncidents } from './incidents.ts'
import type { Fault, Plan } from './plan.ts'
import { createTruth } from './truth.ts'
import { createUpstream } from './upstream.ts'
import { createWorld, type TraceLine, type Violation, type World } from './world.ts'

export interface ScheduleResult {
  readonly violation: Violation | undefined
  readonly steps: number
  readonly messages: number
  readonly trace: readonly TraceLine[] | undefined
}

export interface ScheduleOptions {
  readonly isTraced: boolean
  /** The upstream looks for the number before the key. */
  readonly numberFirst: boolean
}

/** Runs the schedule of `seed` from its first event to quiet, or to the first broken promise. */
export async function runSchedule(
  seed: number,
  { isTraced, numberFirst }: ScheduleOptions,
  tallies: Map<string, number>,
): Promise<ScheduleResult> {
  const world = createWorld(seed, isTraced, tallies)
  const { random } = world
  const plan = drawPlan(random, numberFirst)
  const isCalm = (): boolean => world.now() >= plan.calmFrom
  const fails = (fault: Fault): boolean => !isCalm() && random.chance(plan.rates[fault])

  const truth = createTruth(world, plan.upstream.dedupes)
  const claims = createClaims(world, truth, plan.localLimits)
  const refused = new Set(
    plan.jobs.filter((job) => job.isRefused).map(({ tenant, key }) => `${tenant}/${key}`),
  )
  const isRefused = (text: string): boolean => refused.has(text.slice(0, text.indexOf('#')))
  const upstream = createUpstream(world, truth, plan, fails, isRefused)
  upstream.acceptToken(ACCOUNT, oldToken)

  const clock = ledgerClock(world, plan.epoch + random.between(-5000, 5000))
  const check = createAnswerCheck(world, () => cluster.ledgerNow(), plan.upstream.dedupes)
  const cluster = createCluster({
    world,
    plan,
    truth,
    claims,
    upstream,
    fails,
    isCalm,
    check,
    ledgerClock: clock,
  })
  scheduleIncidents(world, plan.incidents, cluster, upstream)
  world.note('plan', undefined, () => describe(plan))

  let serial = 0
  let busy = 0
  let callers = 0
  for (const job of plan.jobs) {
    for (const caller of job.callers) {
      busy += 1
      const index = ++callers
      const door = {
        isCalm,
        serial: () => ++serial,
        subject: (name: string) => truth.subject(name, job.tenant, job.key),
        request: cluster.request,
      }
      startCaller(world, door, { job, index, caller }, () => {
        busy -= 1
      })
    }
  }
  await world.run()
  if (world.violation === undefined && busy > 0) {
    world.violate('every caller is answered', `${busy} callers still wait when nothing happens any more`)
  }
  if (world.violation === undefined) await checkBalance(world, plan, cluster.server(), claims)
  return { violation: world.violation, steps: world.steps, messages: truth.messages, trace: world.trace }
}

/** A clock that nothing can stop, for the shared ledger. */
function ledgerClock(world: World, epoch: number): Clock {
  return {
    now: () => epoch + world.now(),
    monotonic: world.now,
    after: world.after,
    sleep: (ms) =>
      new Promise((resolve) => {
        world.after(ms, () => resolve())
      }),
  }
}

const describe = ({ ledger, replicas, upstream, timeoutMs, maxRetries, rotates, deploys }: Plan): string =>
  [
    `${replicas} gateways, ledger ${ledger}`,
    `timeout ${timeoutMs} ms, ${maxRetries} retries`,
    upstream.dedupes ? 'upstream dedupes' : 'upstream ignores keys',
    ...(rotates ? ['a token rotation'] : []),
    ...(deploys ? ['a deployment'] : []),
  ].join('; ')
