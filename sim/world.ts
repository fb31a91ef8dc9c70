import { createEventQueue, type Scheduled } from './event-queue.ts'
import { createRandom, type Random } from './random.ts'

export interface Violation {
  readonly invariant: string
  readonly detail: string
  /** Tenant and key, or the request, that it is about. */
  readonly subject: string | undefined
}

export interface TraceLine {
  readonly at: number
  readonly actor: string
  /** Undefined: it concerns all. */
  readonly subject: string | undefined
  readonly what: string
}

/** One schedule's time, chance and record of what happened. */
export interface World {
  /** Virtual milliseconds since the schedule began. */
  now(): number
  readonly random: Random
  /** Runs `run` after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void
  /** The same for what touches no promise of the gateway's code: cheaper, since nothing has to be waited for. */
  afterQuietly(ms: number, run: () => void): () => void
  /** Ends the schedule: a promise was broken. Only the first one counts. */
  violate(invariant: string, detail: string, subject?: string): void
  readonly violation: Violation | undefined
  readonly steps: number
  /** Undefined unless the schedule is traced. `what` is a function so that texts are built only then. */
  readonly trace: TraceLine[] | undefined
  note(actor: string, subject: string | undefined, what: () => string): void
  /** Counts what was reached, to show that the schedules are not empty. */
  tally(what: string): void
  /** Lets events happen until none is left or a promise is broken. */
  run(): Promise<void>
}

/** Longer than any schedule that ends by itself: more means that it goes round in circles. */
const MAX_STEPS = 200_000

/** Events in one round of the event loop. */
const BATCH = 64

export function createWorld(seed: number, isTraced: boolean, tallies: Map<string, number>): World {
  const queue = createEventQueue()
  const random = createRandom(seed)
  const trace: TraceLine[] | undefined = isTraced ? [] : undefined
  let now = 0
  let steps = 0
  let violation: Violation | undefined

  const violate = (invariant: string, detail: string, subject?: string): void => {
    violation ??= { invariant, detail, subject }
  }

  /** The next that was not cancelled. */
  const nextEvent = (): Scheduled | undefined => {
    for (;;) {
      const event = queue.next()
      if (event === undefined || event.run !== undefined) return event
    }
  }

  const schedule = (ms: number, run: () => void, isQuiet: boolean): (() => void) => {
    const event = queue.add(now + Math.max(0, ms), run, isQuiet)
    return () => {
      event.run = undefined
    }
  }

  return {
    now: () => now,
    random,
    after: (ms, run) => schedule(ms, run, false),
    afterQuietly: (ms, run) => schedule(ms, run, true),
    violate,
    get violation() {
      return violation
    },
    get steps() {
      return steps
    },
    trace,
    note: (actor, subject, what) => {
      trace?.push({ at: now, actor, subject, what: what() })
    },
    tally: (what) => {
      tallies.set(what, (tallies.get(what) ?? 0) + 1)
    },
    run: () =>
      new Promise((resolve, reject) => {
        let over = false
        let waiting = 0
        const end = (settle: () => void): void => {
          over = true
          settle()
        }
        /** All microtasks that an event has set off run to their end before the next immediate. */
        const turn = (): void => {
          waiting -= 1
          if (over) return
          try {
            for (let isQuiet = true; isQuiet; ) {
              const event = violation === undefined ? nextEvent() : undefined
              if (event?.run === undefined) {
                end(resolve)
                return
              }
              now = event.at
              steps += 1
              if (steps > MAX_STEPS) violate('every schedule ends', `more than ${MAX_STEPS} steps`)
              event.run()
              isQuiet = event.isQuiet
            }
            if (waiting === 0) deal()
          } catch (error) {
            end(() => reject(error))
          }
        }
        /** Several at a time: each round of the event loop costs more than many events. */
        const deal = (): void => {
          for (waiting = 0; waiting < BATCH; waiting += 1) setImmediate(turn)
        }
        deal()
      }),
  }
}
