import type { Answer } from '../src/domain/answer.ts'
import { errorTypes } from '../src/domain/errors.ts'
import type { Reply } from '../src/pipeline/reply.ts'
import { isLive } from './claims.ts'
import { DAY } from './plan.ts'
import { hasSent, invariants, mayBeCalledReuse, type Owner, type Sent } from './truth.ts'
import type { World } from './world.ts'

interface ErrorBody {
  readonly type?: string
  readonly code?: string
  readonly message?: string
  readonly request_id?: string
}
interface Body {
  readonly data?: { readonly id?: string }
  readonly request_id?: string
  readonly error?: ErrorBody
}

/** What a caller reads in an answer. */
export type Heard =
  | { readonly kind: 'sent'; readonly id: string }
  /** Refused for good. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'try_again'; readonly afterMs: number | undefined }

const transient = new Set([409, 429, 502, 503])

/** Reads an answer as a caller does. */
export function heard(answer: Answer): Heard {
  const { status, code = '', retryAfterSeconds } = answer
  if (status < 300) return { kind: 'sent', id: (JSON.parse(answer.body) as Body).data?.id ?? '' }
  if (!transient.has(status)) return { kind: 'refused', code }
  return {
    kind: 'try_again',
    afterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000,
  }
}

/** Holds every answer to the truth and to its form, at the moment it is given. */
export function createAnswerCheck(world: World, ledgerNow: () => number, dedupes: boolean) {
  /** The first message that each key was answered with, and when. */
  const given = new Map<string, { readonly id: string; readonly at: number }>()

  const checkForm = ({ answer, standings, replayed }: Reply, owner: Owner): void => {
    const { name } = owner.subject
    const wrong = (what: string): void => world.violate(invariants.envelope, `${owner.id}: ${what}`, name)
    const unbalanced = (what: string): void => world.violate(invariants.balance, `${owner.id}: ${what}`)
    const { status, body, outcome, code, retryAfterSeconds, upstreamRequestId } = answer
    if (body.includes('CANARY') || upstreamRequestId?.includes('CANARY')) wrong('a token in the answer')
    const { data, error, request_id } = JSON.parse(body) as Body
    if (replayed === undefined ? owner.subject.key !== undefined : owner.subject.key === undefined) {
      wrong('replayed is told of keyed requests, and of them alone')
    }
    if (standings !== undefined) {
      const { limit, remaining } = standings.bucket
      if (remaining < 0 || remaining > limit) unbalanced(`a bucket of ${limit} holds ${remaining}`)
      for (const window of [standings.day, standings.month]) {
        if (window && (window.remaining < 0 || window.remaining > window.limit))
          unbalanced(`${window.remaining} of ${window.limit} are left`)
      }
    }
    if (status >= 200 && status < 300) {
      if (typeof data?.id !== 'string' || typeof request_id !== 'string') wrong('a success without data')
      return
    }
    const isKnownType = errorTypes.some((type) => type === error?.type)
    if (!isKnownType || !error?.code || !error.message || !error.request_id) wrong(`no envelope: ${body}`)
    if (error?.code !== code || outcome === undefined) wrong('code and outcome')
    if ([429, 503].includes(status) && !(retryAfterSeconds !== undefined && retryAfterSeconds >= 1)) {
      wrong(`no Retry-After on ${status}`)
    }
    if (status === 500 || status === 401 || status === 403) wrong(`status ${status}`)
  }

  const checkSuccess = (id: string, { subject, text, process, id: ownId }: Owner): void => {
    const { name, key } = subject
    const message = subject.messages.find((sent) => sent.id === id)
    if (message === undefined) {
      world.violate(invariants.notLost, `${ownId} is answered with ${id}`, name)
      return
    }
    // A kept answer of another release is given to whoever asks: fingerprints of two versions cannot be compared.
    const isForeign = message.claim !== undefined && message.claim.byNext !== process.isNext
    if (message.text !== text && !isForeign) {
      world.violate(invariants.notLost, `${ownId} asked for ${text}, and got ${message.text}`, name)
      return
    }
    if (key === undefined) {
      if (message.call.owner.id !== ownId)
        world.violate(invariants.notLost, `${ownId} gets another's message`, name)
      return
    }
    const before = given.get(name)
    const first = before && subject.messages.find((sent) => sent.id === before.id)
    // Where the upstream ignores keys, a second message has its excuse, or has broken the first promise.
    if (first !== undefined && first.id !== id && dedupes && message.arrivedAt - first.arrivedAt < DAY) {
      world.violate(invariants.oneAnswer, `first ${first.id}, then ${id}`, name)
    }
    given.set(name, { id, at: world.now() })
  }

  /** A claim that was made before the request began, is still the one of the key, and is not over. */
  const standing = ({ subject, sentBefore }: Owner) =>
    sentBefore !== undefined && sentBefore === subject.claim && isLive(sentBefore, ledgerNow())
      ? sentBefore
      : undefined

  const checkNotSent = ({ answer, standings }: Reply, owner: Owner): void => {
    const { subject, id } = owner
    owner.sworn = true
    const own = (sent: Sent): boolean => sent.call.owner === owner
    if (subject.messages.some(own)) {
      world.violate(invariants.notSent, `${id} has sent, and says ${answer.status} not_sent`, subject.name)
      return
    }
    if (answer.code === 'idempotency_key_reuse') return
    const claim = standing(owner)
    if (claim === undefined || !hasSent(subject, claim)) return
    // A gateway that cannot ask its ledger speaks of its own request alone.
    if (standings === undefined) world.tally('answer: 503 without a ledger, of a key that was sent')
    else {
      const detail = `${id} says ${answer.status} not_sent of a key that a message was sent under`
      world.violate(invariants.notSent, detail, subject.name)
    }
  }

  const checkReuse = (owner: Owner): void => {
    const { subject, text, id } = owner
    if (!mayBeCalledReuse(subject, world.now())) {
      world.violate(invariants.reuse, `${id} is told of a reuse that never was`, subject.name)
      return
    }
    // After the first day what was sent before may still be under way, and of another release.
    const claim = world.now() - subject.since < DAY ? standing(owner) : undefined
    const isItself = (sent: Sent): boolean => sent.claim === claim && sent.text === text
    if (dedupes && claim !== undefined && subject.messages.some(isItself)) {
      world.violate(invariants.reuse, `${id} is told so of the message that was sent`, subject.name)
    }
  }

  return (reply: Reply, owner: Owner): void => {
    const { answer } = reply
    checkForm(reply, owner)
    if (world.violation !== undefined) return
    if (answer.status < 300) checkSuccess(String((JSON.parse(answer.body) as Body).data?.id), owner)
    else if (answer.outcome === 'not_sent' || answer.status === 503) checkNotSent(reply, owner)
    else if (answer.outcome === 'sent' && !owner.subject.messages.length) {
      world.violate(invariants.notLost, `${owner.id} says sent, and nothing was`, owner.subject.name)
    }
    if (answer.code === 'idempotency_key_reuse') checkReuse(owner)
  }
}
