import type { UpstreamResult } from './upstream.ts'
import { jsonObject } from './upstream-error.ts'
import { errorMeaningOf } from './upstream-meaning.ts'

/** What a result tells of the message, from the least to the most. */
const telling = {
  /** Nothing: it was turned away before the upstream looked at its key. */
  turned_away: 0,
  /** It may have been sent. */
  unclear: 1,
  /** Refused for good, by an upstream that knows the key. */
  refused: 2,
  /** Accepted, but the answer cannot be read. */
  accepted: 3,
  answered: 4,
} as const

/**
 * Which of two results of one request under one key, in the order they came, is the one to go by; of equals the
 * later. A later attempt that was turned away says nothing about an earlier one that may have been sent: going
 * by it would claim "not sent" and free the key.
 */
export const moreTelling = (earlier: UpstreamResult, later: UpstreamResult): UpstreamResult =>
  telling[tellingOf(later)] >= telling[tellingOf(earlier)] ? later : earlier

function tellingOf(result: UpstreamResult): keyof typeof telling {
  if (result.kind === 'not_sent') return 'turned_away'
  if (result.kind === 'unknown') return 'unclear'
  const { status, body } = result
  if (status >= 200 && status < 300) return hasData(body) ? 'answered' : 'accepted'
  switch (errorMeaningOf(result)?.kind) {
    case 'credential':
    case 'throttled':
    case 'key_reuse':
    // Whether there is such a number, and who may use it, can be asked before the key.
    case 'number':
    case 'not_found':
      return 'turned_away'
    case 'permanent':
    case 'refused':
      return 'refused'
    default:
      return 'unclear'
  }
}

const hasData = (body: string | undefined): boolean => {
  const data = jsonObject(body)?.data
  return typeof data === 'object' && data !== null
}
