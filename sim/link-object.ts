import { createRemoteLedger, type RemoteLedger } from '../src/ledger/remote.ts'
import type { Ledger, MaybePromise } from '../src/ports.ts'
import type { LedgerNetwork } from './ledger-network.ts'
import type { LedgerServer } from './ledger-server.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** A call that broke off, as the stub of a Durable Object tells it. */
class CallFailed extends Error {
  readonly retryable: boolean

  constructor(retryable: boolean) {
    super('the object is out of reach')
    this.retryable = retryable
  }
}

/**
 * The manners of a Durable Object: a call lasts until it is answered or breaks off, which the caller hears; waiting
 * happens in the object. What to do about it is the gateway's own code.
 */
export function createObjectLink(
  world: World,
  process: Process,
  server: LedgerServer,
  network: LedgerNetwork,
): Ledger {
  const call = <T>(effect: () => MaybePromise<T>, owner?: string): Promise<T> =>
    new Promise((resolve, reject) => {
      if (process.mayDie()) return
      const failed = (): void => {
        const retryable = !network.isDown() && world.random.chance(0.7)
        process.soon(world.random.between(1, 3000), () => reject(new CallFailed(retryable)))
      }
      network.carry<T>({ process, owner, effect, arrived: resolve, failed })
      process.mayDie()
    })

  const object: RemoteLedger = {
    open: (entry) => call(() => server.open(entry), entry.owner),
    settle: (entry, outcome) => call(() => server.settle(entry, outcome), entry.owner),
    standings: (entry) => call(() => server.standings(entry)),
    reachable: () => call(() => true),
  }
  return createRemoteLedger(
    () => object,
    () => '',
  )
}
