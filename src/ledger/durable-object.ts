import { DurableObject } from 'cloudflare:workers'
import type { Clock, Ledger } from '../ports.ts'
import { createBook } from './book.ts'
import { createSqlStore } from './sql-store.ts'

/** Rows that one alarm removes, so that cleaning up never holds requests up for long. */
const CLEAN_UP_ROWS = 500
/** While rows are left to clean up, the next batch follows after this. */
const NEXT_BATCH_MS = 1000

/**
 * Makes the class of a ledger object: SQLite storage, one object for an account in all colos, so that its limits
 * are exact. `open` and `settle` are one transaction each; waiting for an answer in flight happens in memory.
 */
export const createLedgerObject = (clock: Clock) =>
  class extends DurableObject {
    readonly store = createSqlStore(this.ctx.storage.sql)
    readonly book = createBook(this.store, clock, (step) => this.ctx.storage.transactionSync(step))

    /** Whether an alarm is known to be set; asked of the storage once in the object's life. */
    armed = false

    async open(...[entry]: Parameters<Ledger['open']>) {
      const opened = await this.book.open(entry)
      if (opened.kind === 'go' && !this.armed) {
        this.armed = true
        if ((await this.ctx.storage.getAlarm()) === null) await this.setNextAlarm()
      }
      return opened
    }

    settle(...[entry, outcome]: Parameters<Ledger['settle']>) {
      return this.book.settle(entry, outcome)
    }

    standings(...[entry]: Parameters<Ledger['standings']>) {
      return this.book.standings(entry)
    }

    reachable() {
      return true
    }

    override async alarm() {
      const more = this.ctx.storage.transactionSync(() => this.store.cleanUp(clock.now(), CLEAN_UP_ROWS))
      if (more) await this.ctx.storage.setAlarm(clock.now() + NEXT_BATCH_MS)
      else await this.setNextAlarm()
    }

    async setNextAlarm() {
      const at = this.store.nextExpiry()
      this.armed = at !== undefined
      // Never at once: a record in flight may be past its day and still not ready to go.
      if (at !== undefined) await this.ctx.storage.setAlarm(Math.max(at, clock.now() + NEXT_BATCH_MS))
    }
  }

export type LedgerObjectClass = ReturnType<typeof createLedgerObject>
