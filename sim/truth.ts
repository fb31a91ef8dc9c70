import { DAY } from './plan.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** A tenant's key, or one request without a key: what at most one message may come of. */
export interface Subject {
  readonly name: string
  readonly tenant: string
  readonly key: string | undefined
  /** When it was first asked for. */
  readonly since: number
  /** The texts that were submitted under it. */
  readonly texts: Set<string>
  readonly messages: Sent[]
  /** The time under one record of the ledger. */
  claim: Claim | undefined
}

/** From the first send under a key until the key is free again. */
export interface Claim {
  /** Epoch ms of the ledger's clock. */
  readonly startedAt: number
  owner: string
  resumed: boolean
  /** Bound by the next release: its fingerprint cannot be compared with those of this one. */
  readonly byNext: boolean
  /** The upstream has refused it for good. */
  refused: boolean
  counted: Counted | undefined
}

export interface Counted {
  readonly day: number
  readonly month: number
}

/** A request at a gateway: the owner of a lease, if the ledger lets it go. */
export interface Owner {
  readonly id: string
  readonly subject: Subject
  readonly text: string
  readonly process: Process
  /** The claim under which a message was there when the request began. */
  readonly sentBefore: Claim | undefined
  /** Its process died or stood still, or its way to the ledger was disturbed, while it was under way. */
  troubled: boolean
  /** Its ledger died with its process: what it still does is under no claim. */
  forgotten: boolean
  /** It has been said that nothing was sent by it, and that nothing will be. */
  sworn: boolean
  isOver: boolean
  counted: Counted | undefined
  /** Of a request without a key, by the ledger's clock. */
  leaseEndsAt: number
}

/** One call on the wire. `vague`: it ended, and its outcome could not be told. */
export interface WireCall {
  readonly owner: Owner
  /** The one it is made under: when its 24 h are over, what it still does belongs to no later one. */
  readonly claim: Claim | undefined
  state: 'open' | 'definite' | 'vague'
}

/** A message that the upstream has made. */
export interface Sent {
  readonly id: string
  readonly text: string
  readonly arrivedAt: number
  readonly call: WireCall
  readonly claim: Claim | undefined
}

export const invariants = {
  once: 'at most one message for a key in 24 hours',
  oneAnswer: 'the answer of a key never changes',
  notLost: 'what was answered with 2xx is with the upstream',
  balance: 'charges balance',
  notSent: 'not_sent means that nothing was and will be sent',
  final: 'who keeps asking gets a final answer',
  envelope: 'every answer is whole and holds no secret',
  oneCall: 'no second upstream call while one is in flight under the key',
  owner: 'only the owner of a lease settles',
  reuse: 'a key is refused only for another message',
} as const

/** All that really happened, seen from above; holds the gateway to its promises as it happens. */
export interface Truth {
  subject(name: string, tenant: string, key: string | undefined): Subject
  begin(id: string, subject: Subject, text: string, process: Process): Owner
  owner(id: string): Owner | undefined
  /** Something happened to everything under way in the process. */
  trouble(process: Process): void
  /** The ledger is gone, with all that it knew. */
  forget(): void
  callBegins(owner: Owner): WireCall
  callEnds(call: WireCall, isDefinite: boolean): void
  /** The upstream makes a message. */
  sent(call: WireCall, text: string, id: string, arrivedAt: number): void
  readonly messages: number
}

/**
 * The upstream counts its 24 h from when it first processed a key, the gateway from when it first opened it. In
 * between the upstream compares bytes, and those of another release differ: it may then call a repetition a reuse.
 */
export const mayBeCalledReuse = ({ texts, since }: Subject, now: number): boolean =>
  texts.size > 1 || now - since >= DAY

export const hasSent = (subject: Subject, claim: Claim): boolean =>
  subject.messages.some((message) => message.claim === claim)

export function createTruth(world: World, dedupes: boolean): Truth {
  const subjects = new Map<string, Subject>()
  const owners = new Map<string, Owner>()
  const open = new Set<WireCall>()
  let messages = 0

  const isExcused = (call: WireCall): boolean => call.state === 'vague' || call.owner.troubled

  return {
    subject(name, tenant, key) {
      const known = subjects.get(name)
      if (known !== undefined) return known
      const made: Subject = {
        name,
        tenant,
        key,
        since: world.now(),
        texts: new Set(),
        messages: [],
        claim: undefined,
      }
      subjects.set(name, made)
      return made
    },

    begin(id, subject, text, process) {
      subject.texts.add(text)
      const { claim } = subject
      const sentBefore = claim !== undefined && hasSent(subject, claim) ? claim : undefined
      const state = {
        troubled: false,
        forgotten: false,
        sworn: false,
        isOver: false,
        counted: undefined,
        leaseEndsAt: 0,
      }
      const owner: Owner = { id, subject, text, process, sentBefore, ...state }
      owners.set(id, owner)
      return owner
    },

    owner: (id) => owners.get(id),

    trouble(process) {
      for (const owner of owners.values())
        if (owner.process === process && !owner.isOver) owner.troubled = true
    },

    forget() {
      for (const owner of owners.values()) owner.forgotten = true
      for (const subject of subjects.values()) subject.claim = undefined
    },

    callBegins(owner) {
      const call: WireCall = { owner, claim: owner.subject.claim, state: 'open' }
      for (const other of open) {
        if (other.owner.subject === owner.subject && !other.owner.troubled && !owner.troubled) {
          world.violate(
            invariants.oneCall,
            `${owner.id} calls while ${other.owner.id} does`,
            owner.subject.name,
          )
        }
      }
      open.add(call)
      return call
    },

    callEnds(call, isDefinite) {
      open.delete(call)
      call.state = isDefinite ? 'definite' : 'vague'
    },

    sent(call, text, id, arrivedAt) {
      const { subject } = call.owner
      const claim = call.owner.forgotten ? undefined : call.claim
      const message: Sent = { id, text, arrivedAt, call, claim }
      for (const earlier of subject.messages) {
        const isSameDay = arrivedAt - earlier.arrivedAt < DAY
        const isSameClaim = subject.key === undefined || earlier.claim === claim
        // An upstream that ignores keys can only be held off by definite outcomes that reached the ledger.
        const isExcusable = !dedupes && (!isSameClaim || isExcused(earlier.call) || isExcused(call))
        if (isSameDay && !isExcusable) {
          world.violate(invariants.once, `${earlier.id} and ${id}`, subject.name)
        }
      }
      subject.messages.push(message)
      messages += 1
      // Stuck on its way while the upstream's day for the key ended, and with it what the upstream knew of it.
      if (call.state === 'vague' && arrivedAt - subject.since >= DAY) return
      if (call.owner.sworn) {
        world.violate(
          invariants.notSent,
          `${id} comes of ${call.owner.id}, which was said not to send`,
          subject.name,
        )
      }
      if (claim?.refused) {
        world.violate(invariants.notSent, `${id} is sent after it was refused for good`, subject.name)
      }
    },

    get messages() {
      return messages
    },
  }
}
