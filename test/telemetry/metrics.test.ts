import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayEvent } from '../../src/domain/events.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { anyEvent, attempt, request } from './events.ts'

/** The lines of the exposed text that begin with `name`, after `events`. */
async function exposed(name: string, events: readonly GatewayEvent[]): Promise<string[]> {
  const metrics = createMetrics()
  for (const event of events) metrics.record(event)
  return (await metrics.expose()).split('\n').filter((line) => line.startsWith(name))
}

describe('the metrics', () => {
  it('count requests by tenant, route, method, status, code and outcome', async () => {
    const failed = { ...request, status: 502, code: 'upstream_outcome_unknown', outcome: 'unknown' } as const
    const { tenant: _, ...anonymous } = { ...request, status: 401, code: 'missing_api_key' }
    const route = '/v1/:phoneNumberId/messages'
    expect(await exposed('gateway_requests_total', [request, request, failed, anonymous])).toEqual([
      `gateway_requests_total{tenant="billing",route="${route}",method="POST",status="200",code="",outcome=""} 2`,
      `gateway_requests_total{tenant="billing",route="${route}",method="POST",status="502",code="upstream_outcome_unknown",outcome="unknown"} 1`,
      `gateway_requests_total{tenant="",route="${route}",method="POST",status="401",code="missing_api_key",outcome=""} 1`,
    ])
  })

  it('count replays by tenant', async () => {
    const events = [{ ...request, replayed: true }, { ...request, replayed: false }, request]
    expect(await exposed('gateway_replays_total', events)).toEqual([
      'gateway_replays_total{tenant="billing"} 1',
    ])
  })

  it('measure the gateway’s own share of a request in seconds', async () => {
    const events = [
      { ...request, durationMs: 12, upstreamMs: 10 },
      { ...request, durationMs: 3, upstreamMs: 4 },
    ]
    const lines = await exposed('gateway_request_own_duration_seconds', events)
    const labels = 'route="/v1/:phoneNumberId/messages"'
    expect(lines).toContain(`gateway_request_own_duration_seconds_bucket{le="0.0005",${labels}} 1`)
    expect(lines).toContain(`gateway_request_own_duration_seconds_bucket{le="0.0025",${labels}} 2`)
    expect(lines).toContain(`gateway_request_own_duration_seconds_sum{${labels}} 0.002`)
    expect(lines).toContain(`gateway_request_own_duration_seconds_count{${labels}} 2`)
  })

  it('measure attempts at the upstream by account and result', async () => {
    const late: GatewayEvent = { ...attempt, result: 'deadline', durationMs: 35_000 }
    const lines = await exposed('gateway_upstream_duration_seconds', [{ ...attempt, durationMs: 40 }, late])
    expect(lines).toContain('gateway_upstream_duration_seconds_count{account="acme",result="answered"} 1')
    expect(lines).toContain('gateway_upstream_duration_seconds_sum{account="acme",result="answered"} 0.04')
    expect(lines).toContain(
      'gateway_upstream_duration_seconds_bucket{le="30",account="acme",result="deadline"} 0',
    )
    expect(lines).toContain(
      'gateway_upstream_duration_seconds_bucket{le="60",account="acme",result="deadline"} 1',
    )
  })

  it('count all other events by name, and the gateway’s own life by what happened', async () => {
    const events: GatewayEvent[] = [
      { event: 'upstream_auth_failed', account: 'acme', requestId: 'r' },
      { event: 'upstream_auth_failed', account: 'acme', requestId: 's' },
      { event: 'ledger_evicted', records: 5 },
      { event: 'ledger_failed', verb: 'open', requestId: 'r' },
      { event: 'lease_lost', requestId: 'r' },
      { event: 'internal_error', requestId: 'r', error: 'E', stack: '' },
      { event: 'connection_refused', requestId: 'r', code: 'X' },
      { event: 'lifecycle', what: 'config_reloaded' },
      { event: 'lifecycle', what: 'config_refused', detail: 'no' },
    ]
    const names = [
      ['upstream_auth_failed', 2],
      ['ledger_evicted', 1],
      ['ledger_failed', 1],
      ['lease_lost', 1],
      ['internal_error', 1],
      ['connection_refused', 1],
      ['config_reloaded', 1],
      ['config_refused', 1],
    ]
    expect(await exposed('gateway_events_total', events)).toEqual(
      names.map(([name, count]) => `gateway_events_total{event="${name}"} ${count}`),
    )
  })

  it('show the breaker of each account as it stands, the worse the higher', async () => {
    const change = (account: string, state: 'closed' | 'half_open' | 'open'): GatewayEvent => {
      return { event: 'breaker', account, state }
    }
    expect(await exposed('gateway_breaker_state', [])).toEqual([])
    const events = [change('acme', 'open'), change('globex', 'open'), change('acme', 'half_open')]
    expect(await exposed('gateway_breaker_state', events)).toEqual([
      'gateway_breaker_state{account="acme"} 1',
      'gateway_breaker_state{account="globex"} 2',
    ])
    events.push(change('acme', 'closed'))
    expect(await exposed('gateway_breaker_state', events)).toContain(
      'gateway_breaker_state{account="acme"} 0',
    )
    expect(await exposed('gateway_events_total', events)).toEqual(['gateway_events_total{event="breaker"} 4'])
  })

  it('count tokens that were refused and pauses, without saying more', async () => {
    const events: GatewayEvent[] = [
      { event: 'token_refused', account: 'acme', which: 'token', requestId: 'r' },
      { event: 'account_paused', account: 'acme', class: 'read', pausedMs: 1000, requestId: 'r' },
    ]
    expect(await exposed('gateway_events_total', events)).toEqual([
      'gateway_events_total{event="token_refused"} 1',
      'gateway_events_total{event="account_paused"} 1',
    ])
  })

  it('know the gateway’s codes and WhatsApp’s refusals by name, and call every other code "other"', async () => {
    const codes = async (...given: string[]) => {
      const lines = await exposed(
        'gateway_requests_total',
        given.map((code) => ({ ...request, status: 422, code })),
      )
      return lines.map((line) => /code="([^"]*)".* (\d+)$/.exec(line)?.slice(1))
    }
    expect(await codes('quota_exceeded', 'outside_24h_window', 'invalid_field_value')).toEqual([
      ['quota_exceeded', '1'],
      ['outside_24h_window', '1'],
      ['invalid_field_value', '1'],
    ])
    const upstreams = Array.from({ length: 100 }, (_, nth) => `code_of_their_own_${nth}`)
    expect(await codes(...upstreams, 'toString', '__proto__', 'OTHER')).toEqual([['other', '103']])
  })

  it('name neither request, number, key nor what the caller sent', async () => {
    const metrics = createMetrics()
    metrics.record({
      ...request,
      requestId: 'req_SECRET',
      keyId: 'SECRET',
      phoneNumberId: 'SECRET',
      correlationId: 'SECRET',
      upstreamRequestId: 'SECRET',
    })
    metrics.record({ ...attempt, requestId: 'req_SECRET' })
    metrics.record({ event: 'internal_error', requestId: 'SECRET', error: 'SECRET', stack: 'SECRET' })
    metrics.record({ event: 'lifecycle', what: 'config_refused', detail: 'SECRET' })
    metrics.record({ event: 'connection_refused', requestId: 'r', code: 'SECRET' })
    const text = await metrics.expose()
    expect(text).toContain('gateway_requests_total{')
    expect(text).not.toContain('SECRET')
  })

  it('come with those of the process, as Prometheus text', async () => {
    const metrics = createMetrics()
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(await metrics.expose()).toMatch(/^process_cpu_seconds_total [\d.e-]+$/m)
  })

  it('can be made twice in one process, each with its own counts', async () => {
    const [first, second] = [createMetrics(), createMetrics()]
    first.record(request)
    expect(await first.expose()).toContain('gateway_requests_total{')
    expect(await second.expose()).not.toContain('gateway_requests_total{')
  })

  it('stay readable line by line, whatever text stands in an event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 5 }), async (events) => {
        for (const line of await exposed('gateway_', events)) {
          expect(line).toMatch(/^gateway_[a-z_]+\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\} [\d.e+-]+$/)
        }
      }),
      { numRuns: 30 },
    )
  })
})
