import { hasExpired, type InFlight, type Unknown } from '../../domain/ledger-rules.ts'
import type { EpochMs } from '../../domain/tenant.ts'

type Live = InFlight | Unknown

/** Records whose outcome is open, by row, in the order of their first send, and the bytes of their bodies. */
export class LiveRecords {
  readonly #records = new Map<string, Live>()
  #bytes = 0

  get size(): number {
    return this.#records.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(row: string): Live | undefined {
    return this.#records.get(row)
  }

  set(row: string, record: Live): void {
    this.#bytes += bodyBytes(record) - bodyBytes(this.#records.get(row))
    this.#records.set(row, record)
  }

  /** `record` is what stands there. */
  delete(row: string, record: Live): void {
    this.#bytes -= bodyBytes(record)
    this.#records.delete(row)
  }

  dropExpired(now: EpochMs): void {
    for (const [row, record] of this.#records) {
      if (!hasExpired(record, now)) break
      this.delete(row, record)
    }
  }
}

/** A string takes two bytes a character once it holds one beyond Latin-1. */
const bodyBytes = (record: Live | undefined): number => 2 * (record?.body?.length ?? 0)
