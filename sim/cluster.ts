import type { Reply } from '../src/pipeline/reply.ts'
import type { Clock, Ledger } from '../src/ports.ts'
import type { Door } from './caller.ts'
import { heard } from './check-answer.ts'
import type { Claims } from './claims.ts'
import { ACCOUNT, buildConfigs, newToken, type Tenants } from './config.ts'
import { createLedgerNetwork, type LedgerNetwork } from './ledger-network.ts'
import { createLedgerServer, type LedgerServer } from './ledger-server.ts'
import { createObjectLink } from './link-object.ts'
import { createRedisLink } from './link-redis.ts'
import type { Fault, Plan } from './plan.ts'
import { createProcess, type Process } from './process.ts'
import * as release from './release.ts'
import * as releaseNext from './release-next.ts'
import { createReplica, type Replica } from './replica.ts'
import type { Owner, Truth } from './truth.ts'
import type { Upstream } from './upstream.ts'
import { createWire } from './wire.ts'
import type { World } from './world.ts'

export interface ClusterParts {
  readonly world: World
  readonly plan: Plan
  readonly truth: Truth
  readonly claims: Claims
  readonly upstream: Upstream
  readonly fails: (fault: Fault) => boolean
  readonly isCalm: () => boolean
  readonly check: (reply: Reply, owner: Owner) => void
  /** The clock of the shared ledger. */
  readonly ledgerClock: Clock
}

/** The gateways behind one address, their shared ledger, and what happens to them. */
export interface Cluster {
  readonly request: Door['request']
  ledgerNow(): number
  /** The ledger as it stands at the end. */
  server(): LedgerServer
  readonly network: LedgerNetwork
  /** What happens to the process in one place. */
  crash(place: number): void
  pause(place: number, forMs: number): void
  reload(place: number, version: number): void
  deploy(place: number): void
}

/** A place for a process; when it dies, another one comes. */
interface Place {
  readonly name: string
  process: Process
  replica: Replica
  tenants: Tenants
  isNext: boolean
  /** Told when the process dies. */
  connections: Set<() => void>
}

/** Recipients that normalise alike. */
const spellings = ['+62 812-3456-789', '+628123456789', '0062 8123456789', '0812 3456 789'] as const

export function createCluster(parts: ClusterParts): Cluster {
  const { world, plan, truth, claims, upstream, fails, isCalm, check, ledgerClock } = parts
  const { random } = world
  const configs = buildConfigs(plan)
  const network = createLedgerNetwork(world, truth, fails)
  let server = createLedgerServer(world, truth, claims, ledgerClock)
  let starts = 0
  let requests = 0

  const linkTo = (process: Process): Ledger => {
    if (plan.ledger === 'redis') return createRedisLink(world, process, server, network)
    if (plan.ledger === 'object') return createObjectLink(world, process, server, network)
    // A process' own ledger dies with it.
    claims.forget()
    server = createLedgerServer(world, truth, claims, process.clock)
    const own = server
    return {
      open: (entry) => own.open(entry),
      settle: (entry, outcome) => own.settle(entry, outcome),
      standings: (entry) => own.standings(entry),
      reachable: () => true,
    }
  }

  const start = (place: Place): void => {
    starts += 1
    const connections = new Set<() => void>()
    const process = createProcess(world, {
      name: `${place.name}${place.isNext ? ' (next)' : ''}`,
      isNext: place.isNext,
      epoch: plan.epoch + random.between(-5000, 5000),
      rate: 1 + random.between(-10, 10) / 1000,
      crashRate: () => (isCalm() ? 0 : plan.rates.crash),
      onCrash: () => {
        for (const tell of connections) world.afterQuietly(1, tell)
        if (place.process === process) world.after(random.pick([100, 2000, 20_000]), () => start(place))
      },
    })
    process.onTrouble.push(() => truth.trouble(process))
    const replica = createReplica({
      world,
      plan,
      process,
      release: place.isNext ? releaseNext : release,
      ledger: linkTo(process),
      wire: createWire(world, truth, upstream, process, fails),
      tenants: place.tenants,
      check,
    })
    Object.assign(place, { process, replica, connections })
    if (starts > plan.replicas) world.note(process.name, undefined, () => 'starts')
  }

  const places = Array.from({ length: plan.replicas }, (_, index): Place => {
    const place = { name: `gateway ${index}`, tenants: configs[0], isNext: false } as Place
    start(place)
    return place
  })

  const load = (place: Place, tenants: Tenants | undefined): void => {
    if (tenants === undefined || place.tenants === tenants) return
    place.tenants = tenants
    place.replica.configure(tenants)
    world.note(place.name, undefined, () => 'loads another config')
  }

  if (plan.rotates) upstream.acceptToken(ACCOUNT, newToken)
  world.after(plan.calmFrom, () => {
    world.note('plan', undefined, () => 'from here on nothing fails')
    for (const place of places) load(place, configs.at(-1))
  })

  return {
    ledgerNow: () => server.clock.now(),
    server: () => server,
    network,

    crash: (index) => places[index]?.process.crash(),
    pause: (index, forMs) => places[index]?.process.pause(forMs),
    reload(index, version) {
      const place = places[index]
      if (place !== undefined) load(place, configs[version])
    },
    deploy(index) {
      const place = places[index]
      if (place === undefined) return
      // The old process takes no new requests and finishes those under way.
      place.isNext = true
      start(place)
    },

    request(subject, text, job, back) {
      const place = random.pick(places)
      const wayMs = random.between(1, 20)
      const to = random.pick(spellings)
      const hear = (answer: Parameters<typeof back>[0]): void =>
        void world.afterQuietly(wayMs, () => back(answer))
      world.afterQuietly(wayMs, () => {
        const { process, connections, replica } = place
        if (!process.alive) return hear(undefined)
        const broken = (): void => hear(undefined)
        connections.add(broken)
        process.soon(0, () => {
          const owner = truth.begin(`req_${String(++requests).padStart(26, '0')}`, subject, text, process)
          world.note(process.name, subject.name, () => `takes ${owner.id} with ${text}`)
          replica.accept({
            owner,
            tenant: job.tenant,
            key: job.key,
            to,
            text,
            answered: ({ answer }) => {
              if (connections.delete(broken)) hear(heard(answer))
            },
          })
        })
      })
    },
  }
}
