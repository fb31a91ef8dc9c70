import { createClient } from 'redis'
import { createRedisLedger, type RedisLedger, type RedisLedgerOptions } from '../../src/ledger/redis.ts'
import type { Clock, LedgerEntry } from '../../src/ports.ts'
import { systemClock } from '../../src/system/clock.ts'
import { createRecorder, type Recorder } from '../support/recorder.ts'
import type { RedisServer } from '../support/redis-server.ts'

export interface RedisHarness {
  readonly ledger: RedisLedger
  readonly telemetry: Recorder
  now(): number
  advance(ms: number): Promise<void>
  /** Steps the clock (also backwards) without running timers. */
  step(ms: number): void
  close(): Promise<void>
}

let harnesses = 0

/** A ledger with accounts of its own, by a clock that stands still until a test moves it. */
export async function makeHarness(
  server: Pick<RedisServer, 'url'>,
  options: Partial<RedisLedgerOptions> = {},
  start = Date.UTC(2026, 0, 15, 12),
): Promise<RedisHarness> {
  let now = start
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const after: Clock['after'] = (ms, run) => {
    const timer = { at: now + ms, run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
  }
  const telemetry = createRecorder()
  const ledger = await createRedisLedger({
    url: server.url,
    clock,
    telemetry,
    serverNow: clock.now,
    ...options,
  })

  /** Lets calls that are on their way arrive and be answered. */
  const arrived = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await ledger.reachable()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await ledger.reachable()
  }
  const suffix = `-${++harnesses}`
  const own = <T extends { account: string }>(entry: T): T => ({ ...entry, account: entry.account + suffix })
  return {
    ledger: {
      open: (entry) => ledger.open(own(entry)),
      settle: (entry, outcome) => ledger.settle(own(entry), outcome),
      standings: (entry) => ledger.standings(own(entry)),
      reachable: () => ledger.reachable(),
      close: () => ledger.close(),
    },
    telemetry,
    now: clock.now,
    async advance(ms) {
      const end = now + ms
      await arrived()
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due)
        now = Math.max(now, due.at)
        due.run()
        await arrived()
      }
      now = end
    },
    step: (ms) => {
      now += ms
    },
    close: () => ledger.close(),
  }
}

/** Talks to the server beside the ledger. */
export async function withAdmin<T>(
  server: Pick<RedisServer, 'url'>,
  talk: (send: (...args: string[]) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const client = createClient({ url: server.url.reveal() })
  client.on('error', () => {})
  await client.connect()
  try {
    return await talk((...args) => client.sendCommand(args))
  } finally {
    client.destroy()
  }
}

export interface LiveRedisLedger {
  readonly ledger: RedisLedger
  readonly telemetry: Recorder
}

/** A ledger by the real clocks. */
export async function makeLive(
  { url }: Pick<RedisServer, 'url'>,
  options: Partial<RedisLedgerOptions> = {},
): Promise<LiveRedisLedger> {
  const telemetry = createRecorder()
  return { ledger: await createRedisLedger({ url, clock: systemClock, telemetry, ...options }), telemetry }
}

/** Removes all keys; much faster than FLUSHALL while they are few. */
export const empty = (server: Pick<RedisServer, 'url'>): Promise<void> =>
  withAdmin(server, async (send) => {
    const keys = (await send('KEYS', '*')) as string[]
    for (const key of keys) await send('DEL', key)
  })

let owners = 0

/** A keyed message of an owner of its own, on generous limits. */
export const liveEntry = (key: string, more: Partial<LedgerEntry> = {}, waitMs = 0): LedgerEntry => ({
  account: 'acme',
  tenant: 'billing',
  owner: `owner-${++owners}`,
  leaseMs: 40_000,
  charge: {
    class: 'write',
    tenantPerMinute: 6000,
    accountPerMinute: 6000,
    maxConcurrent: 100,
    message: { perDay: 1000 },
  },
  slot: { key, fingerprint: 'print', body: '{}', waitMs },
  ...more,
})

/** Asks every 20 ms until `holds`, at most `ms`; gives the time it took. */
export async function until(holds: () => Promise<boolean> | boolean, ms: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    if (await holds()) return performance.now() - began
    if (performance.now() - began > ms) throw new Error(`not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What became of a promise, and after how many ms. */
export async function timed<T>(promise: Promise<T> | T) {
  const began = performance.now()
  const [outcome] = await Promise.allSettled([promise])
  return { ...outcome, ms: performance.now() - began }
}
