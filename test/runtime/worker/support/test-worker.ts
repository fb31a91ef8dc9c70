import { createLedgerObject } from '../../../../src/ledger/durable-object.ts'
import type { Clock } from '../../../../src/ports.ts'

let now = (): number => Date.now()

/** Lets the objects under test read the time from `clock`. */
export const useTimeOf = (clock: Pick<Clock, 'now'>): void => {
  now = clock.now
}

const POLL_MS = 2

/**
 * Time comes from the test, but timers must fire in the object's own context: workerd lets no request wake
 * another object's promise. So a timer looks at the test's time again and again.
 */
const objectClock: Clock = {
  now: () => now(),
  monotonic: () => now(),
  sleep: (ms) =>
    new Promise((resolve) => {
      objectClock.after(ms, resolve)
    }),
  after(ms, run) {
    const due = now() + ms
    const poll = setInterval(() => {
      if (now() < due) return
      clearInterval(poll)
      run()
    }, POLL_MS)
    return () => clearInterval(poll)
  },
}

export class TestLedger extends createLedgerObject(objectClock) {}

export default { fetch: () => new Response(null, { status: 404 }) }
