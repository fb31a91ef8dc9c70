import type { Outcome, Verdict } from './errors.ts'

/** A verdict rendered for one request: what is sent, kept and replayed, byte for byte. */
export interface Answer {
  readonly status: number
  /** JSON text. */
  readonly body: string
  /** Of an error: its public code (for logs and metrics). */
  readonly code?: string
  readonly outcome?: Outcome
  readonly retryAfterSeconds?: number
  readonly upstreamRequestId?: string
}

/** Renders `verdict` under `requestId`: the envelope of interface §5, or the upstream's success body. */
export function render(verdict: Verdict, requestId: string, upstreamRequestId?: string): Answer {
  const origin = upstreamRequestId === undefined ? {} : { upstreamRequestId }
  if (verdict.kind === 'success') {
    const body = JSON.stringify({ ...verdict.body, request_id: requestId })
    return { status: verdict.status, body, ...origin }
  }
  const { status, type, code, message, param, outcome, retryAfterSeconds } = verdict
  const error = { type, code, message, ...(param !== undefined && { param }), request_id: requestId }
  const body = JSON.stringify({ error })
  return {
    status,
    body,
    code,
    outcome,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...origin,
  }
}
