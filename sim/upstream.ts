import type { UpstreamHeaders } from '../src/domain/upstream.ts'
import { DAY, type Fault, type Plan } from './plan.ts'
import type { Truth, WireCall } from './truth.ts'
import type { World } from './world.ts'

/** A request as it arrives. */
export interface Arrival {
  readonly call: WireCall
  readonly account: string
  readonly token: string
  readonly path: string
  readonly key: string | undefined
  readonly body: string
}

export interface UpstreamAnswer {
  readonly status: number
  readonly headers: UpstreamHeaders
  /** Undefined: it breaks off. */
  readonly body: string | undefined
}

/** Never called: no answer is ever given. */
export type GiveAnswer = (answer: UpstreamAnswer) => void

/**
 * The upstream: one message for each key and body in 24 h if it dedupes, whatever happens to its answers.
 * It repeats tokens wherever it can, which must not make the gateway repeat them.
 * The order of its checks is token, rate, key, number. Refusals for good are kept for a key like successes.
 */
export interface Upstream {
  arrive(arrival: Arrival, give: GiveAnswer): void
  acceptToken(account: string, token: string): void
  revokeToken(account: string, token: string): void
  /** Answers nothing but 503 for `ms`. */
  breakDown(ms: number): void
  /** Knows no number for `ms`. */
  loseNumber(ms: number): void
}

interface Kept {
  readonly print: string
  readonly firstAt: number
  answer: UpstreamAnswer | undefined
  readonly waiting: Set<() => void>
}

const WAIT_MS = 30_000

export function createUpstream(
  world: World,
  truth: Truth,
  plan: Plan,
  fails: (fault: Fault) => boolean,
  isRefused: (text: string) => boolean,
): Upstream {
  const { random } = world
  const { dedupes, numberFirst, perMinute } = plan.upstream
  const kept = new Map<string, Kept>()
  const tokens = new Map<string, Set<string>>()
  const buckets = new Map<string, { tokens: number; at: number }>()
  let brokenUntil = 0
  let numberGoneUntil = 0
  let ids = 0

  const error = (
    status: number,
    type: string,
    code: string,
    message: string,
    headers: UpstreamHeaders = {},
  ) => {
    const requestId = `req_U${++ids}`
    const body = JSON.stringify({ error: { type, code, message, request_id: requestId } })
    return { status, headers: { requestId, ...headers }, body }
  }

  const noNumber = () => error(404, 'not_found', 'resource_not_found', 'There is no such number.')

  /** Tokens left to the account after this request; -1: none was left. */
  const take = (account: string): number => {
    const bucket = buckets.get(account) ?? { tokens: perMinute, at: world.now() }
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((world.now() - bucket.at) * perMinute) / 60_000)
    bucket.at = world.now()
    buckets.set(account, bucket)
    if (bucket.tokens < 1) return -1
    bucket.tokens -= 1
    return Math.floor(bucket.tokens)
  }

  const textOf = (body: string): string => (JSON.parse(body) as { text: { body: string } }).text.body

  /** Processes the request; `done` hears the answer that is kept, or undefined when nothing was done. */
  const work = (
    arrival: Arrival,
    tokensLeft: number,
    give: GiveAnswer,
    done: (kept?: UpstreamAnswer) => void,
  ) => {
    const { call, body } = arrival
    // What it keeps for a day may outlive the token, and a gateway cannot hide a token that it has forgotten.
    const token = plan.rotates ? 'you' : arrival.token
    const arrivedAt = world.now()
    const takesMs = fails('slow') ? random.between(2000, 40_000) : random.between(5, 80)
    world.afterQuietly(takesMs, () => {
      if (fails('error_before')) {
        done()
        return give(error(random.pick([500, 502]), 'api_error', 'internal_error', 'It failed.'))
      }
      if (world.now() < numberGoneUntil) {
        const refusal = noNumber()
        done(refusal)
        return give(refusal)
      }
      const text = textOf(body)
      if (isRefused(text)) {
        const refusal = error(422, 'invalid_request_error', 'outside_24h_window', `Closed for ${token}.`, {
          tokensLeft,
        })
        done(refusal)
        return give(refusal)
      }
      const id = `msg_${++ids}`
      world.note(
        'upstream',
        call.owner.subject.name,
        () => `makes message ${id} of ${text} for ${call.owner.id}`,
      )
      truth.sent(call, text, id, arrivedAt)
      const requestId = random.chance(0.05) ? `req_${token}` : `req_U${++ids}`
      const success: UpstreamAnswer = {
        status: 200,
        headers: { requestId, tokensLeft },
        body: `{"data":{"id":"${id}","status":"queued","for":"${token}"},"request_id":"${requestId}"}`,
      }
      done(success)
      if (fails('hang')) return
      if (fails('error_after')) return give(error(502, 'api_error', 'whatsapp_upstream_error', 'It failed.'))
      if (fails('garbage'))
        return give({ ...success, body: random.pick([undefined, '', '<html>', '{"data":null}']) })
      give(success)
    })
  }

  const replay = ({ status, headers, body }: UpstreamAnswer): UpstreamAnswer => ({
    status,
    headers: { ...headers, replayed: 'true' },
    body,
  })

  const withKey = (
    arrival: Arrival,
    key: string,
    tokensLeft: number,
    give: GiveAnswer,
    waitUntil: number,
  ): void => {
    const slot = `${arrival.account} ${key}`
    const print = `${arrival.path} ${arrival.body}`
    const found = kept.get(slot)
    const known = found !== undefined && world.now() < found.firstAt + DAY ? found : undefined
    if (known === undefined) {
      const entry: Kept = { print, firstAt: world.now(), answer: undefined, waiting: new Set() }
      kept.set(slot, entry)
      work(arrival, tokensLeft, give, (answer) => {
        entry.answer = answer
        if (answer === undefined && kept.get(slot) === entry) kept.delete(slot)
        for (const wake of entry.waiting) wake()
      })
      return
    }
    if (known.print !== print) {
      world.tally('upstream: reuse')
      give(error(422, 'invalid_request_error', 'idempotency_key_reuse', 'The key was used before.'))
      return
    }
    if (known.answer !== undefined) {
      world.tally('upstream: replay')
      world.note('upstream', arrival.call.owner.subject.name, () => `replays for ${arrival.call.owner.id}`)
      give(replay(known.answer))
      return
    }
    const left = waitUntil - world.now()
    const inProgress = () => {
      world.tally('upstream: in progress')
      give(error(409, 'conflict', 'idempotency_in_progress', 'It is still running.'))
    }
    if (left <= 0) {
      inProgress()
      return
    }
    const cancel = world.afterQuietly(left, () => {
      known.waiting.delete(wake)
      inProgress()
    })
    const wake = () => {
      cancel()
      known.waiting.delete(wake)
      withKey(arrival, key, tokensLeft, give, waitUntil)
    }
    known.waiting.add(wake)
  }

  return {
    arrive(arrival, give) {
      const { account, token, key } = arrival
      if (!tokens.get(account)?.has(token) || fails('unauthorized')) {
        return give(error(401, 'authentication_error', 'invalid_api_key', `No such key: ${token}`))
      }
      if (world.now() < brokenUntil || fails('unavailable')) {
        return give(error(503, 'api_error', 'service_unavailable', 'Not now.'))
      }
      if (numberFirst && world.now() < numberGoneUntil) return give(noNumber())
      const tokensLeft = take(account)
      if (tokensLeft < 0 || fails('throttled')) {
        const retryAfter = String(random.between(1, 20))
        return give(
          error(429, 'rate_limit_error', 'rate_limit_exceeded', 'Too fast.', { retryAfter, tokensLeft: 0 }),
        )
      }
      if (key === undefined || !dedupes) return work(arrival, tokensLeft, give, () => {})
      withKey(arrival, key, tokensLeft, give, world.now() + WAIT_MS)
    },

    acceptToken(account, token) {
      const known = tokens.get(account) ?? new Set()
      tokens.set(account, known.add(token))
    },
    revokeToken: (account, token) => {
      tokens.get(account)?.delete(token)
    },
    breakDown: (ms) => {
      brokenUntil = world.now() + ms
    },
    loseNumber: (ms) => {
      numberGoneUntil = world.now() + ms
    },
  }
}
