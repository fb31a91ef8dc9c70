import type { GatewayEvent } from '../src/domain/events.ts'
import type { Message } from '../src/domain/message.ts'
import { createMemoryLedger } from '../src/ledger/memory.ts'
import { withLocalLimits } from '../src/ledger/outage.ts'
import type { Reply } from '../src/pipeline/reply.ts'
import type { Ledger, Telemetry, UpstreamTransport } from '../src/ports.ts'
import type { Tenants } from './config.ts'
import { NUMBER } from './config.ts'
import { digest } from './digest.ts'
import type { Plan } from './plan.ts'
import type { Process } from './process.ts'
import type * as Release from './release.ts'
import { invariants, type Owner } from './truth.ts'
import type { World } from './world.ts'

/** A request as it comes over HTTP. */
export interface Request {
  readonly owner: Owner
  readonly tenant: string
  readonly key: string | undefined
  readonly to: string
  readonly text: string
  readonly answered: (reply: Reply) => void
}

/** A gateway in one process: what an entry point builds, over the models. */
export interface Replica {
  accept(request: Request): void
  /** A new config is a new app: requests under way end on the old one (decision 8). */
  configure(tenants: Tenants): void
}

export interface ReplicaParts {
  readonly world: World
  readonly plan: Plan
  readonly process: Process
  readonly release: typeof Release
  readonly ledger: Ledger
  readonly wire: UpstreamTransport
  readonly tenants: Tenants
  readonly check: (reply: Reply, owner: Owner) => void
}

export function createReplica(parts: ReplicaParts): Replica {
  const { world, plan, process, release, wire, check } = parts
  const { timeoutMs, maxRetries } = plan
  const { clock } = process
  const telemetry: Telemetry = { record: (event) => hear(world, process, event) }
  const entropy = { id: (prefix: string) => `${prefix}_${'0'.repeat(26)}`, unit: world.random.unit }
  const ledger = plan.localLimits
    ? withLocalLimits(parts.ledger, createMemoryLedger({ clock, telemetry, maxSettled: 64 }))
    : parts.ledger

  const state = release.createUpstreamState()

  const build = (tenants: Tenants) => {
    const transport = release.stackUpstream(wire, { clock, entropy, telemetry, state }, { maxRetries })
    const ports = {
      clock,
      telemetry,
      ledger,
      digest,
      timeoutMs,
      replyButtonsAs: 'reply_buttons',
      transport,
    } as const
    return { tenants, ports }
  }
  let app = build(parts.tenants)

  return {
    configure(tenants) {
      app = build(tenants)
    },

    accept({ owner, tenant: id, key, to, text, answered }) {
      const tenant = app.tenants.get(id)
      if (tenant === undefined) throw new Error('the simulator knows no such tenant')
      const submission = {
        requestId: owner.id,
        credential: { tenant, key: { id: 'key_sim' } },
        phoneNumberId: NUMBER,
        message: messageOf(release, to, text),
        ...(key !== undefined && { clientKey: key }),
      }
      Promise.resolve(release.send(app.ports, submission)).then(
        (reply) => {
          if (!process.alive) return
          owner.isOver = true
          world.tally(`answer: ${reply.answer.status}${reply.replayed ? ', replayed' : ''}`)
          world.note(process.name, owner.subject.name, () => `${owner.id} is answered ${shown(reply)}`)
          check(reply, owner)
          answered(reply)
        },
        (error: unknown) =>
          world.violate(invariants.envelope, `${owner.id} throws ${String(error)}`, owner.subject.name),
      )
    },
  }
}

type Parse = typeof Release.parseMessage
const parsed = new Map<Parse, Map<string, Message>>()

/** What HTTP makes of a body. The same few bodies are sent in most schedules, so each is parsed once. */
function messageOf({ parseMessage }: typeof Release, to: string, text: string): Message {
  const known = parsed.get(parseMessage) ?? new Map<string, Message>()
  parsed.set(parseMessage, known)
  const found = known.get(`${to} ${text}`)
  if (found !== undefined) return found
  const body = { messaging_product: 'whatsapp', to, type: 'text', text: { body: text } }
  const result = parseMessage(body, { defaultCountry: 'ID', replyButtonsAs: 'reply_buttons' })
  if (!result.ok) throw new Error('the simulator sends what is not valid')
  if (known.size > 10_000) known.clear()
  known.set(`${to} ${text}`, result.message)
  return result.message
}

function hear(world: World, process: Process, event: GatewayEvent): void {
  world.tally(`event: ${event.event}`)
  if (JSON.stringify(event).includes('CANARY'))
    world.violate(invariants.envelope, `a token in ${event.event}`)
  if (event.event === 'lease_lost')
    world.note(process.name, undefined, () => `${event.requestId} has lost its lease`)
}

const shown = ({ answer: { status, code, outcome, body }, replayed }: Reply): string =>
  [
    status,
    code ?? (JSON.parse(body) as { data?: { id?: string } }).data?.id,
    outcome,
    replayed ? 'replayed' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' ')
