import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/domain/tenant.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import type { UpstreamTransport } from '../../src/ports.ts'
import { createUpstreamState } from '../../src/upstream/state.ts'
import { withTokenRotation } from '../../src/upstream/token-rotation.ts'
import { answered, meta } from '../domain/judge-samples.ts'
import * as results from '../domain/upstream-results.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import { callOf } from './layers.ts'

const OLD = 'kdv_live_CANARY_rotation_old'
const NEW = 'kdv_live_CANARY_rotation_new'

describe('an account with two tokens', () => {
  let clock: FakeClock
  let telemetry: Recorder
  let token: Secret
  let nextToken: Secret
  /** What the upstream says to a token; anything not listed is taken. */
  let says: Record<string, UpstreamResult>
  let used: string[]
  let transport: UpstreamTransport
  beforeEach(() => {
    clock = createFakeClock()
    telemetry = createRecorder()
    token = new Secret(OLD)
    nextToken = new Secret(NEW)
    says = {}
    used = []
    const refused = createUpstreamState().refusedTokens
    transport = withTokenRotation({ clock, telemetry, refused })(async (call) => {
      used.push(call.token.reveal())
      return says[call.token.reveal()] ?? results.success
    })
  })
  const call = () => transport(callOf('acme', { token, nextToken }), clock.now() + 1000)
  const told = () => telemetry.of('token_refused').map(({ account, which }) => [account, which])
  /** The tokens that one call used. */
  const usedBy = async (): Promise<string[]> => {
    used = []
    await call()
    return used
  }

  it('uses the first while it works', async () => {
    expect(await call()).toBe(results.success)
    expect(used).toEqual([OLD])
  })

  it.each<[string, UpstreamResult]>([
    ['401', results.badToken],
    ['403', answered(403)],
    ['a code about credentials', answered(400, meta(190))],
    ['such a code inside a 5xx', answered(500, meta(10))],
  ])(
    'uses the other in the same attempt when the first is refused by %s, and first from then on',
    async (_, no) => {
      says = { [OLD]: no }
      expect(await call()).toBe(results.success)
      expect(used).toEqual([OLD, NEW])
      expect(await usedBy()).toEqual([NEW])
      expect(told()).toEqual([['acme', 'token']])
    },
  )

  it.each([
    results.timedOut,
    results.reset,
    results.noConnection,
    results.unavailable(),
    results.tooMany(1),
    results.forbiddenNumber,
    results.badRequest,
    results.inProgress(),
  ])('does not try the other on %j: the token was not refused', async (result) => {
    says = { [OLD]: result }
    expect(await call()).toBe(result)
    expect(used).toEqual([OLD])
    expect(telemetry.events).toEqual([])
  })

  it('does not look at a dead token while the other works', async () => {
    says = { [OLD]: results.badToken }
    await call()
    await clock.advance(3_600_000)
    expect(await usedBy()).toEqual([NEW])
  })

  it('goes back to the first when the other dies, if it works again', async () => {
    says = { [OLD]: results.badToken }
    await call()
    says = { [NEW]: results.badToken }
    await clock.advance(60_000)
    expect(await usedBy()).toEqual([NEW, OLD])
    expect(await usedBy()).toEqual([OLD])
    expect(told()).toEqual([
      ['acme', 'token'],
      ['acme', 'nextToken'],
    ])
  })

  describe('both dead', () => {
    beforeEach(async () => {
      says = { [OLD]: results.badToken, [NEW]: answered(403) }
      expect(await call()).toEqual(answered(403))
      used = []
    })

    it('gives the refusal, and one extra call a minute', async () => {
      for (let second = 0; second < 180; second += 1) {
        await call()
        await clock.advance(1000)
      }
      expect(used.filter((each) => each === OLD)).toHaveLength(180)
      // The first look was that of the call that found both dead.
      expect(used.filter((each) => each === NEW)).toHaveLength(2)
    })

    it('sends one of many requests to look at the other token', async () => {
      await clock.advance(60_000)
      await Promise.all(Array.from({ length: 50 }, call))
      expect(used.filter((each) => each === NEW)).toHaveLength(1)
    })

    it('alerts once for each token', async () => {
      for (let i = 0; i < 5; i += 1) {
        await call()
        await clock.advance(60_000)
      }
      expect(told()).toEqual([
        ['acme', 'token'],
        ['acme', 'nextToken'],
      ])
    })

    it('is over as soon as the first works again', async () => {
      says = { [NEW]: results.badToken }
      expect(await call()).toBe(results.success)
      expect(await usedBy()).toEqual([OLD])
    })

    it('is over within a minute when the other works again', async () => {
      says = { [OLD]: results.badToken }
      await clock.advance(60_000)
      expect(await call()).toBe(results.success)
      expect(await usedBy()).toEqual([NEW])
    })

    it.each([answered(502), answered(429)])(
      'is not over because of a proxy’s %j, which saw no token',
      async (proxy) => {
        says = { [OLD]: proxy, [NEW]: results.badToken }
        await call()
        says = { [OLD]: results.badToken, [NEW]: results.badToken }
        await call()
        expect(told()).toHaveLength(2)
      },
    )

    it('is over for the tokens of a new config', async () => {
      says = {}
      token = new Secret('kdv_live_CANARY_rotation_newer')
      expect(await usedBy()).toEqual(['kdv_live_CANARY_rotation_newer'])
    })
  })

  it('alerts once when many requests meet the refusal together', async () => {
    says = { [OLD]: results.badToken }
    expect(new Set(await Promise.all(Array.from({ length: 50 }, call)))).toEqual(new Set([results.success]))
    expect(told()).toEqual([['acme', 'token']])
  })

  it('never tells a token', async () => {
    says = { [OLD]: results.badToken, [NEW]: results.badToken }
    await call()
    expect(telemetry.events).toHaveLength(2)
    expect(JSON.stringify(telemetry.events)).not.toContain('CANARY')
  })
})

describe('an account with one token', () => {
  it('gets its refusal as it is, each time, without an alert of its own', async () => {
    const clock = createFakeClock()
    const telemetry = createRecorder()
    let calls = 0
    const refused = createUpstreamState().refusedTokens
    const transport = withTokenRotation({ clock, telemetry, refused })(async () => {
      calls += 1
      return results.badToken
    })
    for (let i = 0; i < 3; i += 1) {
      expect(await transport(callOf('acme'), clock.now() + 1000)).toBe(results.badToken)
    }
    expect(calls).toBe(3)
    expect(telemetry.events).toEqual([])
  })
})
