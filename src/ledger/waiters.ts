import type { Answer } from '../domain/answer.ts'
import type { Clock } from '../ports.ts'

/** Callers that wait inside one process for the answer of the request that holds their key. */
export interface Waiters {
  /** Resolves to the owner's answer, or to undefined after `ms`. */
  wait(key: string, ms: number): Promise<Answer | undefined>
  /** Hands `answer` to all who wait for `key`. */
  wake(key: string, answer: Answer): void
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Map<string, Set<(answer: Answer) => void>>()
  return {
    wait(key, ms) {
      return new Promise((resolve) => {
        const others = waiting.get(key) ?? new Set()
        waiting.set(key, others)
        const cancel = clock.after(ms, () => {
          others.delete(answered)
          if (others.size === 0 && waiting.get(key) === others) waiting.delete(key)
          resolve(undefined)
        })
        const answered = (answer: Answer) => {
          cancel()
          resolve(answer)
        }
        others.add(answered)
      })
    },
    wake(key, answer) {
      const woken = waiting.get(key)
      if (woken === undefined) return
      waiting.delete(key)
      for (const answered of woken) answered(answer)
    },
  }
}
