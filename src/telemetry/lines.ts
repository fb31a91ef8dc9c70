import type { GatewayEvent } from '../domain/events.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Operators alert on `error`, look at `warn`, and keep `info`. */
export function levelOf(event: GatewayEvent): LogLevel {
  switch (event.event) {
    case 'request':
      return event.status >= 500 ? 'warn' : 'info'
    case 'upstream':
      return 'debug'
    case 'upstream_auth_failed':
    case 'token_refused':
    case 'internal_error':
    case 'ledger_failed':
      return 'error'
    case 'ledger_evicted':
    case 'lease_lost':
    case 'account_paused':
    case 'connection_refused':
      return 'warn'
    case 'breaker':
      return event.state === 'open' ? 'error' : 'info'
    case 'ledger_state':
      return event.reachable ? 'info' : 'error'
    case 'lifecycle':
      return event.what === 'config_refused' ? 'error' : 'info'
  }
}
