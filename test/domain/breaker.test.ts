import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ask,
  type BreakerState,
  type Health,
  healthOf,
  newBreaker,
  report,
  type Ticket,
} from '../../src/domain/breaker.ts'
import type { UpstreamResult } from '../../src/domain/upstream.ts'
import { answered, kirim, meta } from './judge-samples.ts'
import * as results from './upstream-results.ts'

/** A breaker with the time and the calls under way. */
function breaker(start: BreakerState = newBreaker, startAt = 0) {
  let state = start
  let at = startAt
  const ask1 = (): Ticket | undefined => {
    const asked = ask(state, at)
    state = asked.state
    return asked.ticket
  }
  const report1 = (ticket: Ticket, health: Health): void => {
    state = report(state, ticket, health, at)
  }
  return {
    state: () => state,
    now: () => at,
    pass: (ms: number) => {
      at += ms
    },
    ask: ask1,
    report: report1,
    /** One whole call; undefined: it was turned away. */
    call: (health: Health): Ticket | undefined => {
      const ticket = ask1()
      if (ticket !== undefined) report1(ticket, health)
      return ticket
    },
    calls(count: number, health: Health) {
      for (let i = 0; i < count; i += 1) this.call(health)
    },
  }
}

/** A breaker that has just opened for the first time. */
function opened() {
  const tested = breaker()
  tested.calls(20, 'failure')
  expect(tested.state()).toMatchObject({ kind: 'open', openMs: 1000 })
  return tested
}

type Step =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'ask' }
  | { readonly do: 'report'; readonly nth: number; readonly health: Health }

const health = fc.constantFrom<Health>('success', 'failure', 'failure', 'neutral')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(5000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('report' as const), nth: fc.nat(100), health }) },
)
const history = fc.array(step, { maxLength: 300 })

/** Plays a history; reports are those of any call under way, in any order, and some calls never report. */
function play(
  steps: readonly Step[],
  look: (tested: ReturnType<typeof breaker>, step: Step) => void = () => {},
) {
  const tested = breaker()
  const underWay: Ticket[] = []
  for (const one of steps) {
    if (one.do === 'pass') tested.pass(one.ms)
    else if (one.do === 'ask') {
      const ticket = tested.ask()
      if (ticket !== undefined) underWay.push(ticket)
    } else {
      const [ticket] = underWay.splice(one.nth % Math.max(1, underWay.length), 1)
      if (ticket !== undefined) tested.report(ticket, one.health)
    }
    look(tested, one)
  }
  return tested
}

describe('a circuit breaker', () => {
  it('never opens on fewer than 20 results within the window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(health, fc.nat(900)), { maxLength: 19 }),
        fc.array(fc.tuple(health, fc.nat(900)), { maxLength: 19 }),
        (first, second) => {
          const tested = breaker()
          for (const [result, ms] of first) {
            tested.call(result)
            tested.pass(ms)
          }
          tested.pass(10_000)
          for (const [result, ms] of second) {
            tested.call(result)
            tested.pass(ms)
          }
          expect(tested.state().kind).toBe('closed')
        },
      ),
    )
  })

  it('never opens while more than half succeed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(300)), { maxLength: 200 }), (rounds) => {
        const tested = breaker()
        for (const [failures, ms] of rounds) {
          // Successes first: at no moment is half of what is counted a failure.
          tested.calls(failures + 1, 'success')
          tested.calls(failures, 'failure')
          // Whole rounds fall out of the window together.
          tested.pass(Math.ceil(ms / 1000) * 1000)
          expect(tested.state().kind).toBe('closed')
        }
      }),
    )
  })

  it('lets a call through at the latest a minute after it has opened, whatever happened before', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const tested = play(steps)
        tested.pass(60_000)
        tested.calls(20, 'failure')
        expect(tested.state().kind).toBe('open')
        tested.pass(60_000)
        expect(tested.ask()).toBeDefined()
        expect(tested.state().kind).toBe('half_open')
      }),
      { numRuns: 500 },
    )
  })

  it('closes after an outage has ended, however it went and whichever probes never came back', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const tested = play(steps)
        tested.pass(60_000)
        tested.calls(3, 'success')
        // Three successes in a row close it if it was not closed; a closed one needs its window to run out.
        tested.pass(10_000)
        tested.calls(20, 'success')
        expect(tested.state().kind).toBe('closed')
      }),
      { numRuns: 500 },
    )
  })

  it('lets through at most three at once while it is half-open, and none while it is open', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, (tested) => {
          const state = tested.state()
          if (state.kind === 'half_open') {
            expect(state.probes.filter((until) => until > tested.now()).length).toBeLessThanOrEqual(3)
          }
          if (state.kind !== 'open' || tested.now() >= state.until) return
          const asked = ask(state, tested.now())
          expect(asked).toMatchObject({ state, retryAfterMs: state.until - tested.now() })
          expect(asked.ticket).toBeUndefined()
        })
      }),
      { numRuns: 500 },
    )
  })

  it('stays open for 1 to 60 seconds', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, (tested) => {
          const state = tested.state()
          if (state.kind === 'closed') return
          expect(state.openMs).toBeGreaterThanOrEqual(1000)
          expect(state.openMs).toBeLessThanOrEqual(60_000)
        })
      }),
    )
  })

  it('leaves the states it was given as they were', () => {
    const freeze = (state: BreakerState): BreakerState => {
      for (const part of Object.values(state)) if (typeof part === 'object') Object.freeze(part)
      return Object.freeze(state)
    }
    let state = freeze(newBreaker)
    for (let at = 0; at < 30_000; at += 100) {
      const asked = ask(state, at)
      state = freeze(asked.state)
      if (asked.ticket) state = freeze(report(state, asked.ticket, at % 300 ? 'failure' : 'success', at))
    }
    expect(state.era).toBeGreaterThan(3)
  })
})

describe('a closed breaker', () => {
  it('opens at the twentieth result when half have failed', () => {
    const tested = breaker()
    tested.calls(10, 'success')
    tested.calls(9, 'failure')
    expect(tested.state().kind).toBe('closed')
    tested.call('failure')
    expect(tested.state()).toMatchObject({ kind: 'open', openMs: 1000, until: 1000 })
  })

  it('counts no neutral result', () => {
    const tested = breaker()
    tested.calls(100, 'neutral')
    tested.calls(19, 'failure')
    expect(tested.state().kind).toBe('closed')
  })

  it('forgets what came more than ten seconds ago', () => {
    const tested = breaker()
    tested.calls(19, 'failure')
    tested.pass(9_999)
    expect(breaker(tested.state(), tested.now()).call('failure')).toBeDefined()
    tested.pass(1)
    tested.call('failure')
    expect(tested.state().kind).toBe('closed')
    tested.calls(19, 'failure')
    expect(tested.state().kind).toBe('open')
  })
})

describe('an open breaker', () => {
  it('says when it is worth trying again', () => {
    const tested = opened()
    tested.pass(400)
    expect(ask(tested.state(), tested.now())).toMatchObject({ retryAfterMs: 600 })
  })

  it('takes no notice of calls that it let through before', () => {
    const tested = breaker()
    const early = [1, 2, 3, 4].map(() => tested.ask())
    tested.calls(20, 'failure')
    const state = tested.state()
    for (const ticket of early) if (ticket) tested.report(ticket, 'success')
    expect(tested.state()).toBe(state)
    tested.pass(1000)
    tested.ask()
    const halfOpen = tested.state()
    for (const ticket of early) if (ticket) tested.report(ticket, 'failure')
    expect(tested.state()).toBe(halfOpen)
  })

  it('is open twice as long after each probe that failed, up to a minute', () => {
    const tested = opened()
    const times: number[] = []
    for (let i = 0; i < 8; i += 1) {
      const { openMs } = tested.state() as Extract<BreakerState, { kind: 'open' }>
      times.push(openMs)
      tested.pass(openMs - 1)
      expect(tested.ask()).toBeUndefined()
      tested.pass(1)
      tested.call('failure')
    }
    expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })
})

describe('a half-open breaker', () => {
  function halfOpen() {
    const tested = opened()
    tested.pass(1000)
    return tested
  }

  it('closes after three successes, with nothing counted against it', () => {
    const tested = halfOpen()
    tested.calls(2, 'success')
    expect(tested.state().kind).toBe('half_open')
    tested.call('success')
    expect(tested.state().kind).toBe('closed')
    tested.calls(19, 'failure')
    expect(tested.state().kind).toBe('closed')
  })

  it('opens again after one failure, two successes or not', () => {
    const tested = halfOpen()
    tested.calls(2, 'success')
    tested.call('failure')
    expect(tested.state()).toMatchObject({ kind: 'open', openMs: 2000 })
  })

  it('lets three through at once, and the next when one has come back', () => {
    const tested = halfOpen()
    const [first] = [tested.ask(), tested.ask(), tested.ask()]
    expect(tested.ask()).toBeUndefined()
    expect(ask(tested.state(), tested.now())).toMatchObject({ retryAfterMs: 1000 })
    if (first) tested.report(first, 'neutral')
    expect(tested.ask()).toBeDefined()
    expect(tested.ask()).toBeUndefined()
  })

  it('does not wait for ever for probes that never come back', () => {
    const tested = halfOpen()
    for (let i = 0; i < 3; i += 1) tested.ask()
    tested.pass(59_999)
    expect(tested.ask()).toBeUndefined()
    tested.pass(1)
    tested.calls(3, 'success')
    expect(tested.state().kind).toBe('closed')
  })

  it('stays half-open on results that say nothing', () => {
    const tested = halfOpen()
    tested.calls(50, 'neutral')
    expect(tested.state()).toMatchObject({ kind: 'half_open', successes: 0, probes: [] })
  })
})

describe('a breaker that has closed again', () => {
  function closedAgain() {
    const tested = opened()
    for (const ms of [1000, 2000]) {
      tested.pass(ms)
      tested.call('failure')
    }
    tested.pass(4000)
    tested.calls(3, 'success')
    expect(tested.state().kind).toBe('closed')
    return tested
  }

  it('opens for as long as the last time within a minute', () => {
    const tested = closedAgain()
    tested.pass(59_999)
    tested.calls(20, 'failure')
    expect(tested.state()).toMatchObject({ kind: 'open', openMs: 4000 })
  })

  it('has forgotten it after a minute', () => {
    const tested = closedAgain()
    tested.pass(60_000)
    tested.calls(20, 'failure')
    expect(tested.state()).toMatchObject({ kind: 'open', openMs: 1000 })
  })
})

describe('the health of the upstream, as a result shows it', () => {
  it.each<[Health, UpstreamResult]>([
    ['failure', results.timedOut],
    ['failure', results.reset],
    ['failure', results.garbage],
    ['failure', results.noConnection],
    ['failure', results.closed],
    ['failure', answered(500)],
    ['failure', results.unavailable(3)],
    ['failure', answered(504, '<html></html>')],
    ['failure', answered(500, meta(131000))],
    ['neutral', results.tooLate],
    ['neutral', results.paused],
    ['neutral', results.breakerOpen],
    ['neutral', results.tooMany(1)],
    ['neutral', answered(502, meta(130429))],
    ['neutral', results.badToken],
    ['neutral', answered(403)],
    ['neutral', results.forbiddenNumber],
    ['neutral', answered(500, meta(190))],
    ['success', results.success],
    ['success', results.unreadable],
    ['success', answered(302)],
    ['success', results.badRequest],
    ['success', results.noSuchNumber],
    ['success', answered(408)],
    ['success', results.inProgress()],
    ['success', results.keyReuse],
    ['success', results.outsideWindow],
    ['success', answered(500, kirim({ code: 'template_paused' }))],
  ])('is a %s for %j', (expected, result) => {
    expect(healthOf(result)).toBe(expected)
  })
})
