import type { Answer } from '../domain/answer.ts'
import { render } from '../domain/answer.ts'
import { type Failure, type FailureDetail, failure, type GatewayCode } from '../domain/errors.ts'
import type { Standings } from '../domain/limits.ts'
import type { Reply } from '../pipeline/reply.ts'
import type { GatewayContext } from './context.ts'
import { type Handled, refused } from './post-message.ts'

/** By name, as they are written. */
type Headers = Record<string, string>

/** Headers that an answer itself asks for. */
export interface ExtraHeaders {
  /** Methods of the route, on 405. */
  readonly allow?: string
}

/** The headers of a reply, all of interface §4. */
export function replyHeaders({ answer, standings, replayed }: Reply, requestId: string): Headers {
  const headers = answerHeaders(answer, requestId)
  if (replayed !== undefined) headers['Idempotent-Replayed'] = replayed ? 'true' : 'false'
  if (standings !== undefined) addStandings(headers, standings)
  return headers
}

/** The only maker of responses in the app; tells `observe` what was answered. */
export function respond(c: GatewayContext, handled: Handled, extra: ExtraHeaders = {}): Response {
  c.set('handled', handled)
  const { answer } = handled.reply
  const headers = replyHeaders(handled.reply, c.get('requestId'))
  if (extra.allow !== undefined) headers.Allow = extra.allow
  return new Response(answer.body, { status: answer.status, headers })
}

/** Answers with an error of the catalogue. */
export function refuse(
  c: GatewayContext,
  code: GatewayCode,
  detail?: FailureDetail,
  extra?: ExtraHeaders,
): Response {
  return refuseWith(c, failure(code, detail), {}, extra)
}

/** Answers with `fault`; `known` is what telemetry is told of the caller. */
export function refuseWith(
  c: GatewayContext,
  fault: Failure,
  known: Omit<Handled, 'reply'> = {},
  extra?: ExtraHeaders,
): Response {
  const { credential, phoneNumberId } = known
  return respond(c, refused(fault, c.get('requestId'), credential, phoneNumberId), extra)
}

/** Answers with a body of the gateway's own. */
export function succeed(
  c: GatewayContext,
  body: Record<string, unknown>,
  known: Omit<Handled, 'reply'> = {},
  standings?: Standings,
): Response {
  const answer = render({ kind: 'success', status: 200, body }, c.get('requestId'))
  return respond(c, { reply: { answer, ...(standings && { standings }) }, ...known })
}

/** The headers of every answer, also of those written before there is a route (see `node/listen.ts`). */
export function answerHeaders(answer: Answer, requestId: string): Headers {
  const headers: Headers = {
    'Content-Type': 'application/json',
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
  }
  const { outcome, retryAfterSeconds, upstreamRequestId } = answer
  if (outcome !== undefined) headers['Gateway-Outcome'] = outcome
  if (retryAfterSeconds !== undefined) headers['Retry-After'] = String(retryAfterSeconds)
  if (upstreamRequestId !== undefined) headers['X-Upstream-Request-Id'] = upstreamRequestId
  return headers
}

/** A failure outside the app: there is no context yet. */
export function bareAnswer(fault: Failure, requestId: string): { answer: Answer; headers: Headers } {
  const answer = render(fault, requestId)
  return { answer, headers: answerHeaders(answer, requestId) }
}

/**
 * `X-RateLimit-*` as the upstream has them (contract §8), and `RateLimit-Policy`/`RateLimit` after
 * draft-ietf-httpapi-ratelimit-headers-09. The tenant's own limits only.
 */
function addStandings(headers: Headers, standings: Standings): void {
  const { class: rateClass, at, bucket, day, month } = standings
  const secondsTo = (end: number): number => Math.max(0, Math.ceil((end - at) / 1000))
  headers['X-RateLimit-Limit'] = String(bucket.limit)
  headers['X-RateLimit-Remaining'] = String(bucket.remaining)
  headers['X-RateLimit-Reset'] = String(Math.ceil(bucket.fullAt / 1000))
  let policy = `"${rateClass}";q=${bucket.limit};w=60`
  let left = `"${rateClass}";r=${bucket.remaining};t=${secondsTo(bucket.fullAt)}`
  for (const [name, window] of [
    ['day', day],
    ['month', month],
  ] as const) {
    if (window === undefined) continue
    policy += `, "${name}";q=${window.limit};w=${(window.resetsAt - window.startedAt) / 1000}`
    left += `, "${name}";r=${window.remaining};t=${secondsTo(window.resetsAt)}`
  }
  headers['RateLimit-Policy'] = policy
  headers.RateLimit = left
}
