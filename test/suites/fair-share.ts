import type { Charge } from '../../src/domain/limits.ts'
import type { Ledger, LedgerEntry } from '../../src/ports.ts'

/** A tenant that asks at times of its own. */
export interface Asker {
  readonly tenant: string
  readonly weight: number
  /** Its own limit; absent: more than it ever asks for. */
  readonly perMinute?: number
  /** When it asks, epoch ms, in order. */
  readonly times: readonly number[]
}

export interface Asked {
  readonly at: number
  readonly admitted: boolean
  /** Of a refusal: who refused, and for how long. */
  readonly by?: string
  readonly retryAfterMs?: number
}

/** Asks every `everyMs` (whole or not) from `from` on, for `forMs`. */
export const steadily = (from: number, everyMs: number, forMs: number): number[] =>
  Array.from({ length: Math.floor(forMs / everyMs) }, (_, turn) => Math.round(from + turn * everyMs))

export interface Scene {
  readonly ledger: Ledger
  readonly clock: { now(): number; step(ms: number): void }
  readonly account: string
  readonly perMinute: number
  readonly askers: readonly Asker[]
  /** Weights of tenants that ask for nothing. */
  readonly idle?: number
}

let owners = 0

/** Lets all ask in the order of their times; every admitted request ends at once. Gives what became of each. */
export async function playScene(scene: Scene): Promise<Map<string, Asked[]>> {
  const { ledger, clock, account, perMinute, askers, idle = 0 } = scene
  const of = askers.reduce((sum, { weight }) => sum + weight, idle)
  const turns = askers.flatMap((asker) => asker.times.map((at) => ({ at, asker })))
  turns.sort((one, other) => one.at - other.at)
  const seen = new Map(askers.map(({ tenant }) => [tenant, [] as Asked[]]))
  for (const { at, asker } of turns) {
    clock.step(at - clock.now())
    const charge: Charge = {
      class: 'write',
      tenantPerMinute: asker.perMinute ?? 1_000_000,
      accountPerMinute: perMinute,
      maxConcurrent: 1000,
      share: { weight: asker.weight, of },
    }
    const entry: LedgerEntry = {
      account,
      tenant: asker.tenant,
      owner: `asker-${++owners}`,
      leaseMs: 40_000,
      charge,
    }
    const opened = await ledger.open(entry)
    const admitted = opened.kind === 'go'
    if (admitted) {
      await ledger.settle(entry, { settlement: 'keep', answer: { status: 200, body: '{}' }, giveBack: false })
    }
    const refusal = opened.kind === 'refused' && { by: opened.by, retryAfterMs: opened.retryAfterMs }
    seen.get(asker.tenant)?.push({ at, admitted, ...refusal })
  }
  return seen
}

/**
 * By how many requests a tenant got less, over the worst span between two of its requests, than a token bucket of its
 * share would have admitted that was empty when the span began.
 */
export function shortfall(
  seen: readonly Asked[],
  perMinute: number,
  { weight, of }: { readonly weight: number; readonly of: number },
): number {
  const token = 60_000 * of
  const capacity = Math.max(2 * token, 15_000 * perMinute * weight)
  let worst = 0
  for (const [begin, first] of seen.entries()) {
    let [units, at, owed] = [0, first.at, 0]
    for (const one of seen.slice(begin)) {
      units = Math.min(capacity, units + (one.at - at) * perMinute * weight)
      at = one.at
      if (units >= token) {
        units -= token
        owed += 1
      }
      if (one.admitted) owed -= 1
      worst = Math.max(worst, owed)
    }
  }
  return worst
}
