import * as fc from 'fast-check'
import type { GatewayEvent, Lifecycle, RequestFinished, UpstreamAttempted } from '../../src/domain/events.ts'

export const request: RequestFinished = {
  event: 'request',
  requestId: 'req_1',
  method: 'POST',
  route: '/v1/:phoneNumberId/messages',
  status: 200,
  durationMs: 12.3456,
  upstreamMs: 10.0049,
  tenant: 'billing',
  keyId: 'key_ci',
}

export const attempt: UpstreamAttempted = {
  event: 'upstream',
  requestId: 'req_1',
  account: 'acme',
  result: 'answered',
  status: 200,
  durationMs: 9.999,
}

const text = fc.string({ unit: 'binary' })
const lifecycle = fc.constantFrom<Lifecycle>(
  'listening',
  'config_reloaded',
  'config_refused',
  'draining',
  'stopped',
)
const durationMs = fc.double({ min: 0, max: 1e9, noNaN: true })

/** Events of every kind with whatever text in them. */
export const anyEvent: fc.Arbitrary<GatewayEvent> = fc.oneof(
  fc.record(
    {
      event: fc.constant('request' as const),
      requestId: text,
      method: text,
      route: text,
      status: fc.integer({ min: 100, max: 599 }),
      durationMs,
      upstreamMs: durationMs,
      code: text,
      tenant: text,
      keyId: text,
      phoneNumberId: text,
      upstreamRequestId: text,
      correlationId: text,
    },
    { requiredKeys: ['event', 'requestId', 'method', 'route', 'status', 'durationMs'] },
  ),
  fc.record({
    event: fc.constant('upstream' as const),
    requestId: text,
    account: text,
    result: fc.constantFrom<UpstreamAttempted['result']>('answered', 'deadline', 'connection_reset'),
    durationMs,
  }),
  fc.record({ event: fc.constant('internal_error' as const), requestId: text, error: text, stack: text }),
  fc.record({ event: fc.constant('upstream_auth_failed' as const), account: text, requestId: text }),
  fc.record({ event: fc.constant('connection_refused' as const), code: text }),
  fc.record({ event: fc.constant('lifecycle' as const), what: lifecycle, detail: text }),
)
