import type { UpstreamCall, UpstreamHeaders } from '../domain/upstream.ts'

/** A larger answer is cut off and counts as unreadable. */
export const MAX_ANSWER_BYTES = 1024 * 1024

const USER_AGENT = 'kirim-gateway'

/**
 * The headers of an upstream request as name, value, name, value … Built from nothing: whatever the caller
 * sent, no other header can go out.
 */
export function requestHeaders(call: UpstreamCall): string[] {
  const headers = [
    'authorization',
    `Bearer ${call.token.reveal()}`,
    'accept',
    'application/json',
    'user-agent',
    USER_AGENT,
    'x-request-id',
    call.requestId,
  ]
  if (call.body !== undefined) headers.push('content-type', 'application/json')
  if (call.idempotencyKey !== undefined) headers.push('idempotency-key', call.idempotencyKey)
  return headers
}

/** Ids are shown to callers and logged: short, visible, harmless. */
const requestIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** A count of tokens. Anything else that a proxy may put there is no count. */
const tokensPattern = /^\d{1,10}$/

/** Picks the headers that the gateway reads; `get` gives a header's value by its lower-case name. */
export function readHeaders(get: (name: string) => string | undefined): UpstreamHeaders {
  const requestId = get('x-request-id')
  const retryAfter = get('retry-after')
  const replayed = get('idempotent-replayed')
  const tokensLeft = get('x-ratelimit-remaining')
  return {
    requestId: requestId !== undefined && requestIdPattern.test(requestId) ? requestId : undefined,
    retryAfter,
    replayed,
    tokensLeft: tokensLeft !== undefined && tokensPattern.test(tokensLeft) ? Number(tokensLeft) : undefined,
  }
}
