import type { Outcome, Verdict } from './errors.ts'

/** A verdict rendered for one request: what is sent, kept and replayed, byte for byte. */
export interface Answer {
  readonly status: number
  /** JSON text. */
  readonly body: string
  /** Of an error: its public code (for logs and metrics). */
  readonly code?: string | undefined
  readonly outcome?: Outcome | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly upstreamRequestId?: string | undefined
}

/** Renders `verdict` under `requestId`: the envelope of interface §5, or the upstream's success body. */
export function render(verdict: Verdict, requestId: string, upstreamRequestId?: string): Answer {
  if (verdict.kind === 'success') {
    return {
      status: verdict.status,
      body: JSON.stringify({ ...verdict.body, request_id: requestId }),
      code: undefined,
      outcome: undefined,
      retryAfterSeconds: undefined,
      upstreamRequestId,
    }
  }
  const { status, type, code, message, param, outcome, retryAfterSeconds } = verdict
  const body = JSON.stringify({ error: { type, code, message, param, request_id: requestId } })
  return { status, body, code, outcome, retryAfterSeconds, upstreamRequestId }
}
