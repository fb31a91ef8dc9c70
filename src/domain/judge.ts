/**
 * What an upstream result means: the caller's verdict, what becomes of the idempotency record, and whether
 * the charges come back. The rule behind every row: 503 = certainly not sent, 502 = it may have been sent.
 */

import {
  catalogue,
  type Failure,
  type FailureDetail,
  failure,
  type GatewayCode,
  type Verdict,
} from './errors.ts'
import type { Settlement } from './ledger-rules.ts'
import { retryAfterSeconds, THROTTLED_RETRY_SECONDS } from './retry-after.ts'
import { type Account, type EpochMs, holdsToken } from './tenant.ts'
import type { NotSentReason, UpstreamHeaders, UpstreamResult } from './upstream.ts'
import { jsonObject, readUpstreamError, type UpstreamError } from './upstream-error.ts'
import { errorMeaning } from './upstream-meaning.ts'

export interface Judgement {
  readonly verdict: Verdict
  readonly settlement: Settlement
  readonly giveBack: boolean
  /** The upstream refused the account's own credentials. */
  readonly credentialsRefused?: true
}

/** What was asked: a send, a read receipt, a list below a number, or one item below a number. */
export type Operation = 'send' | 'receipt' | 'list' | 'item'

export interface Circumstances {
  readonly operation: Operation
  /** An earlier attempt under the same key may have reached the upstream. */
  readonly resumed: boolean
  readonly account: Account
  readonly now: EpochMs
}

/** A refusal for good: no message went out and none will. */
const refused = (verdict: Failure): Judgement => ({ verdict, settlement: 'keep', giveBack: true })
/** Certainly not sent; the same key may try again. */
const notSent = (verdict: Failure): Judgement => ({ verdict, settlement: 'release', giveBack: true })
/** It may have been sent: key and fingerprint stay bound. */
const unclear = (code: GatewayCode, detail: FailureDetail = {}): Judgement => ({
  verdict: failure(code, { outcome: 'unknown', ...detail }),
  settlement: 'unknown',
  giveBack: false,
})

export function judge(result: UpstreamResult, circumstances: Circumstances): Judgement {
  const judged = judgeResult(result, circumstances)
  if (!circumstances.resumed) return judged
  // The upstream can look for the number before it looks at the key.
  if (judged === noSuchNumber) return withEarlierAttempt({ ...judged, settlement: 'release' })
  return judged.settlement === 'release' ? withEarlierAttempt(judged) : judged
}

function judgeResult(result: UpstreamResult, { operation, account, now }: Circumstances): Judgement {
  if (result.kind === 'not_sent') {
    const { reason, retryAfterMs = 0 } = result
    return notSent(failure(notSentCodes[reason], { retryAfterSeconds: wholeSeconds(retryAfterMs) }))
  }
  if (result.kind === 'unknown') return unclear('upstream_outcome_unknown', safeToRepeat(operation))
  const body = withoutTokens(result.body, account)
  if (result.status >= 200 && result.status < 300) return judgeSuccess(result.status, body, operation)
  if (result.status < 400) return unclear('whatsapp_upstream_error', safeToRepeat(operation))
  return judgeError(result.status, readUpstreamError(body), result.headers, operation, now)
}

/** The upstream says `{ data, request_id }`; without readable data the message is sent but its id is lost. */
function judgeSuccess(status: number, text: string | undefined, operation: Operation): Judgement {
  const body = jsonObject(text)
  const data = body?.data
  const isReadable =
    typeof data === 'object' && data !== null && (operation === 'list' || !Array.isArray(data))
  if (body !== undefined && isReadable) {
    return { verdict: { kind: 'success', status, body }, settlement: 'keep', giveBack: false }
  }
  const message =
    'The WhatsApp API accepted the message, but its answer could not be read. Retry only with the same Idempotency-Key.'
  return unclear('upstream_outcome_unknown', { message, ...safeToRepeat(operation), outcome: 'sent' })
}

/** What becomes of a 4xx or 5xx with that meaning. */
function judgeError(
  status: number,
  error: UpstreamError,
  headers: UpstreamHeaders,
  operation: Operation,
  now: EpochMs,
): Judgement {
  const meaning = errorMeaning(status, error)
  switch (meaning.kind) {
    case 'credential':
      return credentialsRefused
    case 'throttled':
      return throttled(headers, now)
    case 'permanent':
      return refused(permanentRefusal(meaning, error))
    case 'failed':
      return unclear('whatsapp_upstream_error', safeToRepeat(operation))
    case 'number':
      return noSuchNumber
    case 'not_found':
      return isOfResource(operation) ? refused(clientError(status, error)) : noSuchNumber
    case 'key_reuse':
      return notSent(failure('idempotency_key_reuse'))
    case 'in_progress':
    case 'conflict':
      return unclear('idempotency_in_progress', {
        retryAfterSeconds: retryAfterSeconds(headers.retryAfter, now, 1),
      })
    case 'refused':
      return refused(clientError(status, error))
  }
}

/** Whether a 404 is about what was named in the request; else it is about the number. */
const isOfResource = (operation: Operation): boolean => operation === 'receipt' || operation === 'item'

const notSentCodes: Record<NotSentReason, GatewayCode> = {
  cannot_connect: 'service_unavailable',
  connection_closed: 'service_unavailable',
  deadline: 'service_unavailable',
  breaker_open: 'service_unavailable',
  account_paused: 'upstream_rate_limited',
}

/** Rounded up, at least 1. */
const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const noSuchNumber: Judgement = refused(failure('resource_not_found'))

const credentialsRefused: Judgement = {
  ...notSent(failure('upstream_auth_failed', { retryAfterSeconds: 60 })),
  credentialsRefused: true,
}

const throttled = (headers: UpstreamHeaders, now: EpochMs): Judgement =>
  notSent(
    failure('upstream_rate_limited', {
      retryAfterSeconds: retryAfterSeconds(headers.retryAfter, now, THROTTLED_RETRY_SECONDS),
    }),
  )

/** 422 with the refusal's public name; our text is followed by what the provider said. */
function permanentRefusal(
  meaning: { readonly code: string; readonly message?: string; readonly param?: string },
  error: UpstreamError,
): Failure {
  const said = [meaning.message, error.message].filter((part) => part !== undefined).join(' ')
  const param = error.param ?? meaning.param
  return {
    kind: 'failure',
    status: 422,
    type: 'invalid_request_error',
    code: meaning.code,
    message: said === '' ? catalogue.invalid_field_value.message : said,
    ...(param !== undefined && { param }),
    outcome: 'not_sent',
  }
}

/** An upstream 4xx passes with its own words; what it left out comes from the catalogue. */
function clientError(status: number, error: UpstreamError): Failure {
  const fallback = failure(fallbackCode(status))
  return {
    kind: 'failure',
    status,
    type: error.type ?? fallback.type,
    code: error.code ?? fallback.code,
    message: error.message ?? `The WhatsApp API refused the request with HTTP ${status}.`,
    ...(error.param !== undefined && { param: error.param }),
    outcome: 'not_sent',
  }
}

function fallbackCode(status: number): GatewayCode {
  if (status === 400 || status === 422) return 'invalid_field_value'
  if (status === 404) return 'resource_not_found'
  if (status === 413) return 'payload_too_large'
  return 'invalid_request'
}

/**
 * A retry that was certainly not sent says nothing about the attempt before it, so it must not claim
 * that nothing was sent: 503 becomes 502, and 429 keeps its status with the outcome unknown.
 */
function withEarlierAttempt(judged: Judgement): Judgement {
  const { verdict } = judged
  if (verdict.kind === 'success') return judged
  return {
    ...judged,
    verdict:
      verdict.status === 503
        ? failure('upstream_outcome_unknown', { outcome: 'unknown' })
        : { ...verdict, outcome: 'unknown' },
  }
}

/** A read sends nothing, so its error text must not warn of a second message. */
const safeToRepeat = (operation: Operation): FailureDetail =>
  operation === 'list' || operation === 'item'
    ? { message: 'The WhatsApp API gave no readable answer. Reading again is safe.' }
    : {}

/** An upstream that echoes a token must not make the gateway repeat it, however JSON spells it. */
function withoutTokens(text: string | undefined, account: Account): string | undefined {
  // Without an escape in it, a string stands in JSON as it is.
  if (text === undefined || (!text.includes('\\') && !holdsToken(account, text))) return text
  let clean = text.includes('\\') ? respelt(text) : text
  for (const secret of [account.token, account.nextToken]) {
    if (secret !== undefined) clean = clean?.replaceAll(spelling(secret.reveal()), '[redacted]')
  }
  return clean
}

/** JSON text with escapes only where they must be, so that equal strings are spelt alike. */
const respelt = (text: string): string | undefined => {
  const value = jsonObject(text)
  return value && JSON.stringify(value)
}

/** `text` as it stands inside a JSON string. */
const spelling = (text: string): string => JSON.stringify(text).slice(1, -1)
