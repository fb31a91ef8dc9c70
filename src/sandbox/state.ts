import { randomUUID } from 'node:crypto'
import { type Counters, createCounters } from './counters.ts'
import { type ClaimKey, createIdempotency } from './idempotency.ts'
import { createMessages, type Messages } from './messages.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import { createRequestLog, type RequestLog } from './request-log.ts'
import { createTries, type StillFires } from './tries.ts'

export interface Settings {
  /** Of every organisation; the buckets start full. */
  readonly writePerMinute: number
  readonly readPerMinute: number
  /** Epoch ms. */
  readonly now: () => number
  /** How long a request waits for another one under the same idempotency key. */
  readonly inFlightWaitMs: number
  /** The delay of the slow answer. */
  readonly slowMs: number
}

/** Everything that a reset forgets. */
export interface State {
  readonly rateLimit: RateLimit
  readonly claim: ClaimKey
  readonly messages: Messages
  readonly counters: Counters
  readonly log: RequestLog
  readonly stillFires: StillFires
  /** Signs cursors. */
  readonly secret: string
}

export function createState(settings: Settings): State {
  return {
    rateLimit: createRateLimit(settings),
    claim: createIdempotency(settings),
    messages: createMessages(settings.now),
    counters: createCounters(),
    log: createRequestLog(),
    stillFires: createTries(),
    secret: randomUUID(),
  }
}
