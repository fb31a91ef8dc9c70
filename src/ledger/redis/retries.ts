import type { Clock } from '../../ports.ts'

/** Work that failed because Redis was out of reach. */
export interface Retry {
  readonly run: () => Promise<unknown>
  /** On `clock.monotonic()`: not before, and not after. */
  readonly from: number
  readonly until: number
}

export interface Retries {
  add(retry: Retry): void
  close(): void
}

/** More than this is not kept: each lease then ends by itself. */
const MAX_PENDING = 10_000
const BATCH = 100
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000

/** Does work again, in the background, until it succeeds or its time is over. While Redis is down it only waits. */
export function createRetries(clock: Clock, isUp: () => boolean): Retries {
  let pending: Retry[] = []
  let pause = SHORTEST_PAUSE_MS
  let cancel: (() => void) | undefined

  const schedule = (): void => {
    cancel ??= clock.after(pause, () => void turn())
  }

  const turn = async (): Promise<void> => {
    const now = clock.monotonic()
    pending = pending.filter(({ until }) => until > now)
    const due = isUp() ? pending.filter(({ from }) => from <= now).slice(0, BATCH) : []
    const done = new Set<Retry>()
    const attempt = async (retry: Retry): Promise<void> => {
      await retry.run()
      done.add(retry)
    }
    await Promise.allSettled(due.map(attempt))
    pending = pending.filter((retry) => !done.has(retry))
    pause = done.size > 0 ? SHORTEST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS)
    cancel = undefined
    if (pending.length > 0) schedule()
  }

  return {
    add(retry) {
      if (pending.length >= MAX_PENDING) return
      if (pending.length === 0) pause = SHORTEST_PAUSE_MS
      pending.push(retry)
      schedule()
    },
    close() {
      pending = []
      cancel?.()
    },
  }
}
