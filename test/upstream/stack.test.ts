import { describe, expect, it } from 'vitest'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { stackUpstream } from '../../src/upstream/stack.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecorder } from '../support/recorder.ts'
import { post, TOKEN } from './wire.ts'

const running: UpstreamResult = {
  kind: 'answered',
  status: 409,
  headers: { retryAfter: '2' },
  body: '{"error":{"code":"idempotency_in_progress"}}',
}
const success: UpstreamResult = { kind: 'answered', status: 200, headers: {}, body: '{"data":{}}' }

/** What comes of a call, and what telemetry was told, when each try takes 30 ms and ends as listed. */
async function call(...results: UpstreamResult[]) {
  const clock = createFakeClock()
  const telemetry = createRecorder()
  const transport = stackUpstream(
    async () => {
      await clock.sleep(30)
      return results.shift() ?? { kind: 'unknown', reason: 'deadline' }
    },
    clock,
    telemetry,
  )
  const outcome = transport(post, clock.now() + 35_000)
  await clock.advance(35_000)
  return { outcome: await outcome, told: telemetry.of('upstream'), events: telemetry.events }
}

describe('the layers over a transport', () => {
  it('tell telemetry of every attempt on the wire, without the waiting between them', async () => {
    const { outcome, told, events } = await call(running, success)
    expect(outcome).toBe(success)
    const attempt = { event: 'upstream', requestId: post.requestId, account: 'acme', result: 'answered' }
    expect(told).toEqual([
      { ...attempt, status: 409, durationMs: 30 },
      { ...attempt, status: 200, durationMs: 30 },
    ])
    expect(events).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain(TOKEN)
  })

  it.each<UpstreamResult>([
    { kind: 'not_sent', reason: 'cannot_connect' },
    { kind: 'unknown', reason: 'connection_reset' },
  ])('tell of %j by its reason, without a status', async (result) => {
    const { outcome, told } = await call(result)
    expect(outcome).toBe(result)
    expect(told.map(({ result: reason }) => reason)).toEqual([result.kind !== 'answered' && result.reason])
    expect(told[0]).not.toHaveProperty('status')
  })
})
