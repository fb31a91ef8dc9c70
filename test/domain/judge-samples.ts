import type { Circumstances, Judgement, Operation } from '../../src/domain/judge.ts'
import { judge } from '../../src/domain/judge.ts'
import { type Account, Secret } from '../../src/domain/tenant.ts'
import type { UpstreamHeaders, UpstreamResult } from '../../src/domain/upstream.ts'

export const TOKEN = 'kdv_live_CANARY_judge_aaaaaaaaaaa'
export const NEXT_TOKEN = 'kdv_live_CANARY_judge_bbbbbbbbbbb'

export const account: Account = {
  id: 'acme',
  token: new Secret(TOKEN),
  nextToken: new Secret(NEXT_TOKEN),
  writePerMinute: 60,
  readPerMinute: 600,
  weights: 1,
}

export const NOW = Date.UTC(2026, 5, 2, 8, 15, 30)

export const circumstances = (more: Partial<Circumstances> = {}): Circumstances => ({
  operation: 'send',
  resumed: false,
  account,
  now: NOW,
  ...more,
})

export const answered = (status: number, body?: string, headers: UpstreamHeaders = {}): UpstreamResult => ({
  kind: 'answered',
  status,
  headers,
  body,
})

/** The upstream's own envelope; `error` overrides or completes it. */
export const kirim = (error: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ error: { message: 'Upstream words.', request_id: 'req_up', ...error } })

/** Meta's envelope, as it is sometimes handed through. */
export const meta = (code: unknown, error: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    error: { message: 'Meta words.', type: 'OAuthException', code, fbtrace_id: 'A1', ...error },
  })

/** What a row of the table promises of a judgement. */
export interface Summary {
  readonly status: number
  readonly type?: string
  readonly code?: string
  readonly param?: string | undefined
  readonly outcome?: string
  readonly settlement: string
  readonly giveBack: boolean
  readonly credentialsRefused?: boolean
}

export function summary({ verdict, settlement, giveBack, credentialsRefused }: Judgement): Summary {
  const rest = { settlement, giveBack, ...(credentialsRefused && { credentialsRefused }) }
  if (verdict.kind === 'success') return { status: verdict.status, ...rest }
  const { status, type, code, param, outcome } = verdict
  return { status, type, code, param, outcome, ...rest }
}

/** The summary of the judgement on an answer. */
export const judged = (status: number, body?: string, operation: Operation = 'send'): Summary =>
  summary(judge(answered(status, body), circumstances({ operation })))

type Named = readonly [status: number, type: string, code: string, param?: string]

/** Definitely refused: kept for replay, charges come back. */
export const refused = (...[status, type, code, param]: Named): Summary => ({
  status,
  type,
  code,
  param,
  outcome: 'not_sent',
  settlement: 'keep',
  giveBack: true,
})

/** Certainly not sent; the key is free again. */
export const released = (...named: Named): Summary => ({ ...refused(...named), settlement: 'release' })

/** It may have been sent; the key stays bound. */
export const unknown = (...named: Named): Summary => ({
  ...refused(...named),
  outcome: 'unknown',
  settlement: 'unknown',
  giveBack: false,
})

export const invalid = 'invalid_request_error'
export const numberNotFound = refused(404, 'not_found', 'resource_not_found')
export const credentialsRefused = {
  ...released(503, 'api_error', 'upstream_auth_failed'),
  credentialsRefused: true,
}
export const throttled = released(429, 'rate_limit_error', 'upstream_rate_limited')
export const upstreamFailed = unknown(502, 'api_error', 'whatsapp_upstream_error')
export const unreadable = { ...unknown(502, 'api_error', 'upstream_outcome_unknown'), outcome: 'sent' }
export const accepted = (status: number): Summary => ({ status, settlement: 'keep', giveBack: false })
