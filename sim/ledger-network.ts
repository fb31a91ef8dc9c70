import type { MaybePromise } from '../src/ports.ts'
import type { Fault } from './plan.ts'
import type { Process } from './process.ts'
import type { Truth } from './truth.ts'
import type { World } from './world.ts'

export interface Trip<T> {
  readonly process: Process
  /** The request it is for. */
  readonly owner: string | undefined
  /** What is done at the ledger. */
  readonly effect: () => MaybePromise<T>
  readonly arrived: (value: T) => void
  /** The connection broke, at this very moment. */
  readonly failed: () => void
}

/** The network between the gateways and their ledger, and whether the ledger is up. */
export interface LedgerNetwork {
  /** Carries `effect` to the ledger and its value back to the process, or fails before or after the effect. */
  carry<T>(trip: Trip<T>): void
  /** The process knows that the ledger is out of reach, and does not ask it for `owner`. */
  notAsked(owner: string | undefined): void
  isDown(): boolean
  goDown(ms: number): void
}

export function createLedgerNetwork(
  world: World,
  truth: Truth,
  fails: (fault: Fault) => boolean,
): LedgerNetwork {
  const { random } = world
  let downUntil = 0
  const isDown = () => world.now() < downUntil

  return {
    carry<T>({ process, owner: ownerId, effect, arrived, failed }: Trip<T>) {
      const owner = ownerId === undefined ? undefined : truth.owner(ownerId)
      const trouble = (what: string): void => {
        if (owner !== undefined) owner.troubled = true
        world.tally(`ledger: ${what}`)
        world.note(
          process.name,
          owner?.subject.name,
          () => `ledger: ${what}${ownerId ? ` for ${ownerId}` : ''}`,
        )
      }
      const losesRequest = fails('ledger_request_lost')
      const losesReply = fails('ledger_reply_lost')
      let thereMs = random.between(0, 4)
      if (fails('ledger_slow')) {
        thereMs = random.between(100, 4000)
        trouble('slow')
      }
      const backMs = random.between(0, 4)
      const lose = (what: string): void => {
        trouble(what)
        failed()
      }
      world.after(thereMs, () => {
        if (isDown() || losesRequest) return lose('request lost')
        const back = (value: T): void => {
          if (isDown() || losesReply) {
            lose('reply lost')
            return
          }
          process.soon(backMs, () => arrived(value))
        }
        const value: MaybePromise<T> = effect()
        if (value instanceof Promise) void (value as Promise<T>).then(back)
        else back(value)
      })
    },
    notAsked(ownerId) {
      const owner = ownerId === undefined ? undefined : truth.owner(ownerId)
      if (owner !== undefined) owner.troubled = true
    },
    isDown,
    goDown(ms) {
      downUntil = Math.max(downUntil, world.now() + ms)
      world.note('ledger', undefined, () => `is out of reach for ${ms} ms`)
    },
  }
}
