import * as fc from 'fast-check'
import type { GatewayEvent, Lifecycle, RequestFinished, UpstreamAttempted } from '../../src/domain/events.ts'
import { anyText } from '../support/any-text.ts'

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
      requestId: anyText,
      method: anyText,
      route: anyText,
      status: fc.integer({ min: 100, max: 599 }),
      durationMs,
      upstreamMs: durationMs,
      code: anyText,
      tenant: anyText,
      keyId: anyText,
      phoneNumberId: anyText,
      upstreamRequestId: anyText,
      correlationId: anyText,
    },
    { requiredKeys: ['event', 'requestId', 'method', 'route', 'status', 'durationMs'] },
  ),
  fc.record({
    event: fc.constant('upstream' as const),
    requestId: anyText,
    account: anyText,
    result: fc.constantFrom<UpstreamAttempted['result']>('answered', 'deadline', 'connection_reset'),
    durationMs,
  }),
  fc.record({
    event: fc.constant('internal_error' as const),
    requestId: anyText,
    error: anyText,
    stack: anyText,
  }),
  fc.record({ event: fc.constant('upstream_auth_failed' as const), account: anyText, requestId: anyText }),
  fc.record({
    event: fc.constant('token_refused' as const),
    account: anyText,
    which: fc.constantFrom('token' as const, 'nextToken' as const),
    requestId: anyText,
  }),
  fc.record({
    event: fc.constant('breaker' as const),
    account: anyText,
    state: fc.constantFrom('closed' as const, 'half_open' as const, 'open' as const),
  }),
  fc.record({
    event: fc.constant('account_paused' as const),
    account: anyText,
    class: fc.constantFrom('read' as const, 'write' as const),
    pausedMs: fc.nat(),
    requestId: anyText,
  }),
  fc.record({ event: fc.constant('connection_refused' as const), requestId: anyText, code: anyText }),
  fc.record({ event: fc.constant('lifecycle' as const), what: lifecycle, detail: anyText }),
)
