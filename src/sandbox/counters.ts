/** What the sandbox has counted since it started or was reset. */
export interface SandboxStats {
  /** Every request to the API, refused ones included; inspection endpoints do not count. */
  readonly requests: number
  readonly posts: number
  /** Messages really sent, whatever became of the answer. */
  readonly messagesSent: number
  /** Read receipts that were accepted, repeats included. */
  readonly receipts: number
  /** Answers given from the idempotency store. */
  readonly replays: number
  /** Messages sent beyond one per organisation and idempotency key. */
  readonly duplicates: number
  /** Per idempotency key, over all organisations. */
  readonly byKey: Readonly<Record<string, KeyTally>>
}

export interface KeyTally {
  /** Authenticated POSTs that carried the key. */
  readonly received: number
  /** Messages sent under it. */
  readonly sent: number
}

export interface Counters {
  request(method: string): void
  keyedPost(organisation: string, key: string): void
  sent(organisation: string, key: string | undefined): void
  receipt(): void
  replay(): void
  stats(): SandboxStats
}

export function createCounters(): Counters {
  const total = { requests: 0, posts: 0, messagesSent: 0, receipts: 0, replays: 0, duplicates: 0 }
  const byOrganisation = new Map<string, Map<string, { received: number; sent: number }>>()

  const tally = (organisation: string, key: string) => {
    const keys = byOrganisation.get(organisation) ?? new Map<string, { received: number; sent: number }>()
    const counted = keys.get(key) ?? { received: 0, sent: 0 }
    byOrganisation.set(organisation, keys)
    keys.set(key, counted)
    return counted
  }

  return {
    request(method) {
      total.requests += 1
      if (method === 'POST') total.posts += 1
    },
    keyedPost(organisation, key) {
      tally(organisation, key).received += 1
    },
    sent(organisation, key) {
      total.messagesSent += 1
      if (key === undefined) return
      const counted = tally(organisation, key)
      counted.sent += 1
      if (counted.sent > 1) total.duplicates += 1
    },
    receipt() {
      total.receipts += 1
    },
    replay() {
      total.replays += 1
    },
    stats() {
      const sums = new Map<string, KeyTally>()
      for (const keys of byOrganisation.values()) {
        for (const [key, { received, sent }] of keys) {
          const sum = sums.get(key)
          sums.set(key, { received: (sum?.received ?? 0) + received, sent: (sum?.sent ?? 0) + sent })
        }
      }
      return { ...total, byKey: Object.fromEntries(sums) }
    },
  }
}
