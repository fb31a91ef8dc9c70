import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayEvent } from '../../src/domain/events.ts'
import { systemClock } from '../../src/system/clock.ts'
import { type LogLevel, logLevels } from '../../src/telemetry/lines.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { anyEvent, attempt, request } from './events.ts'

/** What a log of `level` writes for `events`. */
function written(level: LogLevel, events: readonly GatewayEvent[]): string[] {
  const texts: string[] = []
  const log = createLog(level, systemClock, (text) => texts.push(text))
  for (const event of events) log.record(event)
  return texts
}

const lineOf = (event: GatewayEvent) => JSON.parse(written('debug', [event]).join(''))

const leveled: readonly [LogLevel, GatewayEvent][] = [
  ['debug', attempt],
  ['debug', { event: 'upstream', requestId: 'r', account: 'a', result: 'deadline', durationMs: 1 }],
  ['info', request],
  ['info', { ...request, status: 404, code: 'resource_not_found' }],
  ['info', { ...request, status: 429, code: 'quota_exceeded', outcome: 'not_sent' }],
  ['info', { event: 'lifecycle', what: 'listening' }],
  ['info', { event: 'lifecycle', what: 'config_reloaded' }],
  ['info', { event: 'lifecycle', what: 'draining' }],
  ['info', { event: 'lifecycle', what: 'stopped' }],
  ['warn', { ...request, status: 500 }],
  ['warn', { ...request, status: 502, outcome: 'unknown' }],
  ['warn', { event: 'ledger_evicted', records: 3 }],
  ['warn', { event: 'lease_lost', requestId: 'r' }],
  ['warn', { event: 'account_paused', account: 'acme', class: 'write', pausedMs: 5000, requestId: 'r' }],
  ['info', { event: 'breaker', account: 'acme', state: 'half_open' }],
  ['info', { event: 'breaker', account: 'acme', state: 'closed' }],
  ['error', { event: 'breaker', account: 'acme', state: 'open', openMs: 1000 }],
  ['error', { event: 'token_refused', account: 'acme', which: 'nextToken', requestId: 'r' }],
  ['warn', { event: 'connection_refused', requestId: 'req_1', code: 'HPE_HEADER_OVERFLOW' }],
  ['error', { event: 'upstream_auth_failed', account: 'acme', requestId: 'r' }],
  ['error', { event: 'ledger_failed', verb: 'open', requestId: 'r' }],
  ['error', { event: 'internal_error', requestId: 'r', error: 'TypeError', stack: 'at a (b.js:1:2)' }],
  ['error', { event: 'lifecycle', what: 'config_refused', detail: 'two faults' }],
]

describe('the log', () => {
  it.each(leveled)('writes at %s: %j', (level, event) => {
    const before = Date.now()
    const { level: own, time, ...fields } = lineOf(event)
    expect(own).toBe(level)
    expect(new Date(time).toISOString()).toBe(time)
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now())
    const { durationMs: _, upstreamMs: __, ...rest } = { durationMs: 0, upstreamMs: 0, ...event }
    expect(fields).toMatchObject(rest)
    expect(Object.keys(fields)).toEqual(Object.keys(event))
  })

  it.each(logLevels)('of level %s holds that level and all above', (least) => {
    const events = leveled.map(([, event]) => event)
    const expected = leveled.filter(([level]) => logLevels.indexOf(level) >= logLevels.indexOf(least))
    const levels = written(least, events).map((text) => JSON.parse(text).level)
    expect(levels).toEqual(expected.map(([level]) => level))
    expect(levels.length).toBeGreaterThan(0)
  })

  it('leaves out fields that hold nothing', () => {
    expect(lineOf({ ...request, code: undefined })).not.toHaveProperty('code')
  })

  it('is one JSON line an event, whatever text stands in it', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const [line = '', ...more] = written('debug', [event])
        expect(more).toEqual([])
        expect(line).not.toMatch(/[\n\r]/)
        const fields = JSON.parse(line)
        for (const [name, value] of Object.entries(event)) {
          if (typeof value === 'string') expect(fields[name]).toBe(value)
        }
      }),
      { numRuns: 500 },
    )
  })
})
