import type { Clock } from '../../src/ports.ts'
import { systemClock } from '../../src/system/clock.ts'

/** A real clock that runs `times` as fast: with real sockets nothing can step the time, but it can be short. */
export function createFastClock(times: number): Clock {
  const [wall, began] = [systemClock.now(), systemClock.monotonic()]
  const monotonic = () => (systemClock.monotonic() - began) * times
  return {
    monotonic,
    now: () => wall + monotonic(),
    sleep: (ms) => systemClock.sleep(ms / times),
    after: (ms, run) => systemClock.after(ms / times, run),
  }
}
