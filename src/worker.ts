/** The gateway on Cloudflare Workers: a fetch handler, and the Durable Object that is its ledger. */

import { createLedgerObject } from './ledger/durable-object.ts'
import { systemClock } from './system/clock.ts'
import { createWorker } from './worker/gateway.ts'

export class LedgerObject extends createLedgerObject(systemClock) {}

// biome-ignore lint/suspicious/noConsole: on Workers the console is the log
export default createWorker(systemClock, (line) => console.log(line))
