import type { Clock } from '../../ports.ts'

/** What a waiter holds: from when it is made, no wake-up is missed. */
export interface Expectation {
  /** Resolves when it is woken, at once if that has been since the last time, or after `ms`. */
  within(ms: number): Promise<void>
  forget(): void
}

/** Requests of this process that wait for another one's answer, by topic. */
export interface WakeUps {
  expect(topic: string): Expectation
  wake(topic: string): void
  wakeAll(): void
}

export function createWakeUps(clock: Clock): WakeUps {
  const waiting = new Map<string, Set<() => void>>()
  const wake = (topic: string): void => {
    for (const woken of waiting.get(topic) ?? []) woken()
  }
  return {
    expect(topic) {
      let isWoken = false
      let tell: (() => void) | undefined
      const woken = (): void => {
        isWoken = true
        tell?.()
      }
      const others = waiting.get(topic) ?? new Set()
      waiting.set(topic, others.add(woken))
      return {
        async within(ms) {
          if (!isWoken) {
            await new Promise<void>((resolve) => {
              const cancel = clock.after(ms, resolve)
              tell = () => {
                cancel()
                resolve()
              }
            })
          }
          isWoken = false
        },
        forget() {
          others.delete(woken)
          if (others.size === 0 && waiting.get(topic) === others) waiting.delete(topic)
        },
      }
    },
    wake,
    wakeAll: () => [...waiting.keys()].forEach(wake),
  }
}
