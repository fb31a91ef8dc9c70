import { oncePer } from './once-per.ts'
import { isPermanentName, providerMeaning } from './provider-codes.ts'
import type { UpstreamResult } from './upstream.ts'
import { readUpstreamError, type UpstreamError } from './upstream-error.ts'

/**
 * What a 4xx or 5xx of the upstream says. The judge makes the caller's verdict of it, the layers over the
 * transport decide by it what to try next; both read it here, so that they cannot disagree.
 */
export type ErrorMeaning =
  /** The account's own credentials were refused. */
  | { readonly kind: 'credential' }
  /** Too many calls. `wholeAccount`: further calls of the account would be refused as well. */
  | { readonly kind: 'throttled'; readonly wholeAccount: boolean }
  /** Refused for good by a code that says so, whatever the status. */
  | { readonly kind: 'permanent'; readonly code: string; readonly message?: string; readonly param?: string }
  /** 5xx or 408: it may have been processed. */
  | { readonly kind: 'failed' }
  /** The sending number is not there, or is not the account's. */
  | { readonly kind: 'number' }
  /** 404 that names no field: on a send it is about the number, else about the resource. */
  | { readonly kind: 'not_found' }
  /** The derived key is bound to another request. */
  | { readonly kind: 'key_reuse' }
  /** A request under the derived key is still running. */
  | { readonly kind: 'in_progress' }
  /** A 409 without a code: most likely the same, but nothing says so. */
  | { readonly kind: 'conflict' }
  /** Any other 4xx: refused for good. */
  | { readonly kind: 'refused' }

type Answered = Extract<UpstreamResult, { kind: 'answered' }>

/** Each layer asks for it, and a body may be a megabyte: it is read once for a result. */
const readOnce = oncePer(({ status, body }: Answered) => errorMeaning(status, readUpstreamError(body)))

/** The meaning of an answer of 400 and above; undefined for every other result. */
export function errorMeaningOf(result: UpstreamResult): ErrorMeaning | undefined {
  return result.kind === 'answered' && result.status >= 400 ? readOnce(result) : undefined
}

/** The table of 4xx and 5xx; the first row that fits decides. */
export function errorMeaning(status: number, error: UpstreamError): ErrorMeaning {
  const { code, type, param, providerCode } = error
  const provider = providerCode === undefined ? undefined : providerMeaning(providerCode)

  if (provider?.kind === 'credential') return { kind: 'credential' }
  if (provider?.kind === 'throttled') {
    return { kind: 'throttled', wholeAccount: provider.budget === 'account' }
  }
  if (provider?.kind === 'permanent') return provider
  if (code !== undefined && isPermanentName(code)) return { kind: 'permanent', code }

  if (status >= 500 || status === 408) return { kind: 'failed' }
  if ((status === 403 || status === 404) && isAboutNumber(error)) return { kind: 'number' }
  if (status === 401 || status === 403 || type === 'authentication_error') return { kind: 'credential' }
  if (status === 404 && param === undefined) return { kind: 'not_found' }
  // The upstream's own bucket belongs to the account. With a code of Meta it is some other limit.
  if (status === 429 || type === 'rate_limit_error') {
    return { kind: 'throttled', wholeAccount: providerCode === undefined }
  }
  if (code === 'idempotency_conflict' || code === 'idempotency_key_reuse') return { kind: 'key_reuse' }
  if (code === 'idempotency_in_progress') return { kind: 'in_progress' }
  if (status === 409 && code === undefined) return { kind: 'conflict' }
  return { kind: 'refused' }
}

/** G2 knows 403 `phone_number_forbidden` besides the usual 404 (upstream contract §5, §14.2). */
const isAboutNumber = ({ code, param }: UpstreamError): boolean =>
  code === 'phone_number_forbidden' || param === 'phone_number_id'
