import { ErrorReply } from 'redis'
import type { EpochMs, Secret } from '../domain/tenant.ts'
import type { Clock, LedgerEntry, Telemetry } from '../ports.ts'
import { packAnswer } from './packed-answer.ts'
import { openArguments, rateArguments, settleArguments } from './redis/arguments.ts'
import { type OpenReply, openedFrom, standingsFrom } from './redis/codec.ts'
import { createConnection, NotSent } from './redis/connection.ts'
import { readEndpoint } from './redis/endpoint.ts'
import { meterKeys, requestKeys } from './redis/keys.ts'
import type { LinkEvents } from './redis/link.ts'
import { createClusterLink } from './redis/link-cluster.ts'
import { createServerLink } from './redis/link-server.ts'
import { openScript } from './redis/lua-open.ts'
import { settleScript } from './redis/lua-settle.ts'
import { standingsScript } from './redis/lua-standings.ts'
import { createRetries } from './redis/retries.ts'
import { run } from './redis/script.ts'
import { topicOf, waitForOwner } from './redis/waiting.ts'
import { createWakeUps } from './redis/wake-ups.ts'
import type { RemoteLedger } from './remote.ts'

export interface RedisLedgerOptions {
  /** `redis://`, `rediss://`, or a cluster; see `redis/endpoint.ts`. */
  readonly url: Secret
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** A command that takes longer has failed, and its connection with it. */
  readonly commandTimeoutMs?: number
  /** For tests: stands in for the server's clock. */
  readonly serverNow?: () => EpochMs
}

export interface RedisLedger extends RemoteLedger {
  close(): Promise<void>
}

const COMMAND_TIMEOUT_MS = 1500

/**
 * The ledger of several gateways on one Redis ≥ 7.0, Valkey or cluster of them: one script and one round trip a verb,
 * by the server's clock. Resolves after the first attempt to connect, also when that fails; while Redis is out of
 * reach the verbs reject. Rejects when the URL is none.
 */
export async function createRedisLedger(options: RedisLedgerOptions): Promise<RedisLedger> {
  const { url, clock, telemetry, commandTimeoutMs = COMMAND_TIMEOUT_MS, serverNow } = options
  const endpoint = readEndpoint(url.reveal())
  const settings = { connectTimeoutMs: commandTimeoutMs }
  const wakeUps = createWakeUps(clock)
  const connection = await createConnection({
    clock,
    commandTimeoutMs,
    makeLink: (events: LinkEvents) =>
      endpoint.kind === 'cluster'
        ? createClusterLink(endpoint.urls, settings, events)
        : createServerLink(endpoint.url, settings, events),
    onMessage: (channel, message) => wakeUps.wake(topicOf(channel, message)),
    onState: (reachable) => telemetry.record({ event: 'ledger_state', reachable }),
  })
  const retries = createRetries(clock, connection.isUp)
  const testTime = (): string => (serverNow === undefined ? '' : String(serverNow()))

  /** How far the server's clock is ahead of `clock.monotonic()`, or a little less: replies take time to arrive. */
  let serverAhead: number | undefined
  const sync = (serverTime: EpochMs): void => {
    serverAhead = serverTime - clock.monotonic()
  }
  const deadline = (): string =>
    serverAhead === undefined ? '' : String(Math.floor(serverAhead + clock.monotonic() + commandTimeoutMs))

  const lookOnce = async (entry: LedgerEntry, awaited: string): Promise<OpenReply> => {
    const args = [testTime(), deadline(), ...openArguments(entry, awaited)]
    const reply = (await run(openScript, connection, requestKeys(entry), args)) as OpenReply
    sync(reply[1])
    return reply
  }

  /** `open` without waiting. */
  const look = async (entry: LedgerEntry, awaited = ''): Promise<OpenReply> => {
    const began = clock.monotonic()
    try {
      let reply = await lookOnce(entry, awaited)
      // Late by a clock that was set, or is another node's; it is known better now.
      if (reply[0] === 'late') reply = await lookOnce(entry, awaited)
      if (reply[0] === 'late') throw new NotSent()
      return reply
    } catch (error) {
      if (!(error instanceof NotSent || error instanceof ErrorReply)) undo(entry, began + commandTimeoutMs)
      throw error
    }
  }

  const settle = async (entry: LedgerEntry, args: readonly string[]): Promise<boolean> => {
    const reply = await run(settleScript, connection, requestKeys(entry), [testTime(), ...args])
    const [held, serverTime] = reply as readonly [number, EpochMs]
    sync(serverTime)
    return held === 1
  }

  /** Settles in the background, from a time on `clock.monotonic()` until the lease would end. */
  const settleLater = (entry: LedgerEntry, args: readonly string[], from: number): void =>
    retries.add({ run: () => settle(entry, args), from, until: from + entry.leaseMs })

  /** The caller hears that nothing was sent: a claim that was made all the same is taken back. */
  const undo = (entry: LedgerEntry, from: number): void =>
    settleLater(entry, settleArguments(entry, { settlement: 'release', giveBack: true }, ''), from)

  return {
    async open(entry) {
      const { slot, charge } = entry
      const until = clock.monotonic() + (slot?.waitMs ?? 0)
      try {
        let reply = await look(entry)
        if (reply[0] === 'in_flight' && slot !== undefined && slot.waitMs > 0) {
          reply = await waitForOwner({ clock, connection, wakeUps, look }, entry, slot, reply, until)
        }
        return openedFrom(reply, charge)
      } catch (error) {
        if (error instanceof ErrorReply && error.message.startsWith('OOM')) return { kind: 'full' }
        throw error
      }
    },

    async settle(entry, outcome) {
      const kept = entry.slot === undefined ? '' : packAnswer(outcome.answer)
      const args = settleArguments(entry, outcome, kept)
      try {
        return await settle(entry, args)
      } catch (error) {
        settleLater(entry, args, clock.monotonic())
        throw error
      }
    },

    async standings({ account, tenant, charge }) {
      const args = [testTime(), ...rateArguments(charge)]
      const reply = await run(standingsScript, connection, meterKeys({ account, tenant, charge }), args)
      return standingsFrom(reply as OpenReply, charge)
    },

    reachable: () => connection.reachable(),

    async close() {
      retries.close()
      connection.close()
      wakeUps.wakeAll()
    },
  }
}
