/**
 * The catalogue of the gateway's own errors: code → HTTP status, type and public text.
 * Every answer that is not 2xx is rendered from a `Failure`, whoever caused it.
 */

/** The seven values of `error.type` (upstream contract §5; note that two carry no `_error`). */
export const errorTypes = [
  'invalid_request_error',
  'authentication_error',
  'permission_error',
  'not_found',
  'conflict',
  'rate_limit_error',
  'api_error',
] as const
export type ErrorType = (typeof errorTypes)[number]

interface CatalogueEntry {
  readonly status: number
  readonly type: ErrorType
  readonly message: string
}

const entry = (status: number, type: ErrorType, message: string): CatalogueEntry => ({
  status,
  type,
  message,
})

export const catalogue = {
  invalid_request: entry(400, 'invalid_request_error', 'The HTTP request could not be parsed.'),
  invalid_json: entry(400, 'invalid_request_error', 'The body must be one JSON object in UTF-8.'),
  missing_required_field: entry(400, 'invalid_request_error', 'A required field is missing.'),
  invalid_field_value: entry(400, 'invalid_request_error', 'A field holds a value that is not allowed.'),
  invalid_phone_number: entry(
    400,
    'invalid_request_error',
    'The phone number cannot be brought to E.164 form, for example +14155550123.',
  ),
  invalid_idempotency_key: entry(
    400,
    'invalid_request_error',
    'Idempotency-Key must be given once and hold 1 to 255 visible ASCII characters.',
  ),
  missing_api_key: entry(
    401,
    'authentication_error',
    'No gateway key was given. Send it as "Authorization: Bearer <gateway key>".',
  ),
  invalid_api_key: entry(401, 'authentication_error', 'The gateway key is not valid.'),
  expired_api_key: entry(401, 'authentication_error', 'The gateway key has expired. Ask for a new one.'),
  scope_not_allowed: entry(
    403,
    'permission_error',
    'The gateway key does not have the scope this call needs.',
  ),
  tenant_suspended: entry(403, 'permission_error', 'This tenant is suspended.'),
  resource_not_found: entry(404, 'not_found', 'There is no such resource.'),
  method_not_allowed: entry(
    405,
    'invalid_request_error',
    'This route does not take that method. The Allow header lists those it takes.',
  ),
  idempotency_in_progress: entry(
    409,
    'conflict',
    'A request with this Idempotency-Key is still running. Retry later with the same key.',
  ),
  payload_too_large: entry(413, 'invalid_request_error', 'The body is larger than 256 KiB.'),
  unsupported_media_type: entry(
    415,
    'invalid_request_error',
    'Content-Type must be application/json in UTF-8.',
  ),
  idempotency_key_reuse: entry(
    422,
    'invalid_request_error',
    'This Idempotency-Key was already used for another request. Use a new key for a new message.',
  ),
  rate_limit_exceeded: entry(
    429,
    'rate_limit_error',
    'The rate limit of this tenant is used up. Retry later.',
  ),
  quota_exceeded: entry(
    429,
    'rate_limit_error',
    'The message quota of this tenant is used up for the current day or month (UTC).',
  ),
  concurrency_exceeded: entry(
    429,
    'rate_limit_error',
    'This tenant has too many requests under way. Retry when one has finished.',
  ),
  upstream_rate_limited: entry(
    429,
    'rate_limit_error',
    'The rate budget of the WhatsApp account is used up. Retry later.',
  ),
  headers_too_large: entry(431, 'invalid_request_error', 'The request headers are too large.'),
  internal_error: entry(500, 'api_error', 'The gateway failed. Give the request id when you report it.'),
  whatsapp_upstream_error: entry(
    502,
    'api_error',
    'The WhatsApp API failed to answer properly. The message may have been sent: retry only with the same Idempotency-Key.',
  ),
  upstream_outcome_unknown: entry(
    502,
    'api_error',
    'The outcome is not known: the message may have been sent. Retry only with the same Idempotency-Key.',
  ),
  service_unavailable: entry(503, 'api_error', 'The message was not sent. Retry later.'),
  upstream_auth_failed: entry(
    503,
    'api_error',
    'The message was not sent: the WhatsApp API refused the gateway’s own credentials. The operators have been alerted.',
  ),
} as const satisfies Record<string, CatalogueEntry>

/** A code the gateway itself gives; upstream codes pass through `Failure.code` as they are. */
export type GatewayCode = keyof typeof catalogue

/**
 * What is known about the message after an error (header `Gateway-Outcome`):
 * `not_sent` no message went out and none will; `unknown` it may have; `sent` the upstream said 2xx unreadably.
 */
export type Outcome = 'not_sent' | 'unknown' | 'sent'

/** An error as data, before it is rendered into the envelope. */
export interface Failure {
  readonly kind: 'failure'
  readonly status: number
  readonly type: ErrorType
  readonly code: string
  readonly message: string
  /** Dotted path of the field that is at fault, e.g. `interactive.action.sections.0.rows.2.title`. */
  readonly param?: string | undefined
  readonly outcome: Outcome
  /** Whole seconds, ≥ 1. */
  readonly retryAfterSeconds?: number | undefined
}

export const isFailure = (value: unknown): value is Failure =>
  typeof value === 'object' && value !== null && (value as Partial<Failure>).kind === 'failure'

/** A readable 2xx of the upstream; `body` still carries the upstream's own `request_id`. */
export interface Success {
  readonly kind: 'success'
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export type Verdict = Success | Failure

export interface FailureDetail {
  readonly message?: string
  readonly param?: string
  /** `not_sent` unless told: most failures are the gateway's own refusals. */
  readonly outcome?: Outcome
  readonly retryAfterSeconds?: number
}

/** Makes the `Failure` of a catalogue code. */
export function failure(code: GatewayCode, detail: FailureDetail = {}): Failure {
  const { status, type, message } = catalogue[code]
  return { kind: 'failure', status, type, code, message, outcome: 'not_sent', ...detail }
}
