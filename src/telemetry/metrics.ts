import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { BreakerState } from '../domain/breaker.ts'
import { catalogue } from '../domain/errors.ts'
import type { GatewayEvent, RequestFinished } from '../domain/events.ts'
import { isPermanentName } from '../domain/provider-codes.ts'
import type { Telemetry } from '../ports.ts'
import { createCounter, createHistogram } from './tally.ts'

export interface Metrics extends Telemetry {
  readonly contentType: string
  /** Prometheus text. */
  expose(): Promise<string>
}

/** From a fraction of a millisecond for replays to the longest upstream deadline, in seconds. */
const DURATION_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]

/** Codes of the upstream's own pass through to callers, but a label must not grow with them. */
const codeLabel = (code: string): string =>
  code === '' || Object.hasOwn(catalogue, code) || isPermanentName(code) ? code : 'other'

/** The worse, the higher: an alert is a comparison. */
const breakerLevels: Record<BreakerState['kind'], number> = { closed: 0, half_open: 1, open: 2 }

/** Prometheus counters, gauges and histograms. Labels are closed sets: routes, codes, tenants and accounts of the config. */
export function createMetrics(): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })

  const countRequest = createCounter({
    name: 'gateway_requests_total',
    help: 'Answers given, by tenant, route, method, status, error code and outcome.',
    labels: ['tenant', 'route', 'method', 'status', 'code', 'outcome'],
    register: registry,
  })
  const countReplay = createCounter({
    name: 'gateway_replays_total',
    help: 'Answers that were those of an earlier request.',
    labels: ['tenant'],
    register: registry,
  })
  const observeOwn = createHistogram(
    {
      name: 'gateway_request_own_duration_seconds',
      help: 'The gateway’s own share of a request: everything but waiting for the upstream.',
      labels: ['route'],
      register: registry,
    },
    DURATION_BUCKETS,
  )
  const observeUpstream = createHistogram(
    {
      name: 'gateway_upstream_duration_seconds',
      help: 'Attempts at the upstream, from dispatch to the last byte or the failure.',
      labels: ['account', 'result'],
      register: registry,
    },
    DURATION_BUCKETS,
  )
  const breakers = new Gauge({
    name: 'gateway_breaker_state',
    help: 'Circuit breaker of an account: 0 closed, 1 half-open, 2 open. Absent until its first change.',
    labelNames: ['account'],
    registers,
  })
  const events = new Counter({
    name: 'gateway_events_total',
    help: 'Events that operators may want to alert on.',
    labelNames: ['event'],
    registers,
  })

  const finished = (event: RequestFinished): void => {
    const {
      tenant = '',
      route,
      method,
      status,
      code = '',
      outcome = '',
      replayed,
      durationMs,
      upstreamMs = 0,
    } = event
    countRequest([tenant, route, method, status, codeLabel(code), outcome])
    if (replayed) countReplay([tenant])
    observeOwn([route], Math.max(0, durationMs - upstreamMs) / 1000)
  }

  return {
    record(event: GatewayEvent) {
      if (event.event === 'breaker') breakers.set({ account: event.account }, breakerLevels[event.state])
      if (event.event === 'request') finished(event)
      else if (event.event === 'upstream') {
        const { account, result, durationMs } = event
        observeUpstream([account, result], durationMs / 1000)
      } else events.inc({ event: event.event === 'lifecycle' ? event.what : event.event })
    },
    contentType: registry.contentType,
    expose: () => registry.metrics(),
  }
}
