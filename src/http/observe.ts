import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { Clock, Entropy, Telemetry } from '../ports.ts'
import type { GatewayEnv } from './context.ts'

export interface ObservePorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
}

/** Gives the request its id, and tells telemetry how it ended. */
export const observe = ({ clock, entropy, telemetry }: ObservePorts) =>
  createMiddleware<GatewayEnv>(async (c, next) => {
    const requestId = entropy.id('req')
    c.set('requestId', requestId)
    const began = clock.monotonic()
    await next()
    const reply = c.get('reply')
    if (reply === undefined) return
    const { answer, replayed, upstreamMs } = reply
    const { code, outcome, upstreamRequestId } = answer
    const credential = c.get('credential')
    const phoneNumberId = c.get('phoneNumberId')
    const correlationId = c.req.header('x-request-id')
    telemetry.record({
      event: 'request',
      requestId,
      method: c.req.method,
      route: routePath(c, -1),
      status: answer.status,
      durationMs: clock.monotonic() - began,
      ...(upstreamMs !== undefined && { upstreamMs }),
      ...(code !== undefined && { code }),
      ...(outcome !== undefined && { outcome }),
      ...(replayed !== undefined && { replayed }),
      ...(credential !== undefined && { tenant: credential.tenant.id, keyId: credential.key.id }),
      ...(phoneNumberId !== undefined && { phoneNumberId }),
      ...(upstreamRequestId !== undefined && { upstreamRequestId }),
      ...(correlationId !== undefined && isCorrelationId(correlationId) && { correlationId }),
    })
  })

/** Short and harmless, or it is not logged at all. */
const isCorrelationId = (text: string): boolean => /^[A-Za-z0-9_.:-]{1,128}$/.test(text)
