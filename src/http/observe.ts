import type { RequestFinished } from '../domain/events.ts'
import type { Handled } from './post-message.ts'

/** How telemetry is told of a request that was answered. */
export function requestFinished(
  request: Pick<RequestFinished, 'requestId' | 'method' | 'route' | 'durationMs'> & {
    /** The caller's own `X-Request-Id`. */
    readonly correlationId: string | undefined
  },
  { reply, credential, phoneNumberId }: Handled,
): RequestFinished {
  const { requestId, method, route, durationMs, correlationId } = request
  const { answer, replayed, upstreamMs } = reply
  const { code, outcome, upstreamRequestId } = answer
  return {
    event: 'request',
    requestId,
    method,
    route,
    status: answer.status,
    durationMs,
    upstreamMs,
    code,
    outcome,
    replayed,
    tenant: credential?.tenant.id,
    keyId: credential?.key.id,
    phoneNumberId,
    upstreamRequestId,
    correlationId: correlationId !== undefined && isCorrelationId(correlationId) ? correlationId : undefined,
  }
}

/** Short and harmless, or it is not logged at all. */
const isCorrelationId = (text: string): boolean => /^[A-Za-z0-9_.:-]{1,128}$/.test(text)
