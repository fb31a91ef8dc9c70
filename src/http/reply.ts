import type { Answer } from '../domain/answer.ts'
import { render } from '../domain/answer.ts'
import { type Failure, type FailureDetail, failure, type GatewayCode } from '../domain/errors.ts'
import type { Standings } from '../domain/limits.ts'
import type { Reply } from '../pipeline/exchange.ts'
import type { GatewayContext } from './context.ts'

/** Headers that an answer itself asks for. */
export interface ExtraHeaders {
  /** Methods of the route, on 405. */
  readonly allow?: string
}

/** The only maker of answers on the public port: status, envelope and headers of interface §4. */
export function respond(c: GatewayContext, reply: Reply, extra: ExtraHeaders = {}): Response {
  c.set('reply', reply)
  const { answer, standings, replayed } = reply
  const headers = answerHeaders(answer, c.get('requestId'))
  if (replayed !== undefined) headers['Idempotent-Replayed'] = String(replayed)
  if (standings !== undefined) addStandings(headers, standings)
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
  return respond(c, { answer: render(failure(code, detail), c.get('requestId')) }, extra)
}

/** Answers with a body of the gateway's own. */
export function succeed(c: GatewayContext, body: Record<string, unknown>, standings?: Standings): Response {
  const answer = render({ kind: 'success', status: 200, body }, c.get('requestId'))
  return respond(c, { answer, ...(standings && { standings }) })
}

/** The headers of every answer, also of those written before there is a route (see `node-server.ts`). */
export function answerHeaders(answer: Answer, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {
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
export function bareAnswer(
  fault: Failure,
  requestId: string,
): { answer: Answer; headers: Record<string, string> } {
  const answer = render(fault, requestId)
  return { answer, headers: answerHeaders(answer, requestId) }
}

/**
 * `X-RateLimit-*` as the upstream has them (contract §8), and `RateLimit-Policy`/`RateLimit` after
 * draft-ietf-httpapi-ratelimit-headers-09. The tenant's own limits only.
 */
function addStandings(headers: Record<string, string>, standings: Standings): void {
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
