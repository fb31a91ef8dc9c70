import { loadConfig } from '../../src/config.ts'
import type { UpstreamCall } from '../../src/domain/upstream.ts'
import { createApp } from '../../src/http/app.ts'
import { createGate } from '../../src/http/gate.ts'
import { createDirectory } from '../../src/ledger/directory.ts'
import { createMemoryLedger } from '../../src/ledger/memory.ts'
import { nodeContext } from '../../src/node/config-source.ts'
import type { Ledger, LedgerEntry } from '../../src/ports.ts'
import { createNodeDigest } from '../../src/system/digest-node.ts'
import { createEntropy } from '../../src/system/entropy.ts'
import { checkAnswer } from '../support/envelope.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { CANARY, config, secretBytes, secrets, tokens } from '../support/fixture.ts'
import { createRecorder } from '../support/recorder.ts'

/** A 200 of the upstream that repeats the account's token where a caller would see it. */
const accepted = JSON.stringify({
  data: { id: 'msg_01M828270787KX92DJPVC1C7D7', object: 'message', note: `Bearer ${tokens.acme}` },
  request_id: 'req_01M82826YEAT17HFQYHE6KK9VA',
})

/** What became of one request. */
export interface Played {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; absent on HEAD. */
  readonly body?: Record<string, unknown>
  readonly opened: readonly LedgerEntry[]
  readonly calls: readonly UpstreamCall[]
}

/** The error's code, or `success`. */
export const codeOf = ({ body }: Played): string =>
  (body?.error as { code: string } | undefined)?.code ?? 'success'

const beforeTheLedger = new Set([400, 401, 403, 404, 405, 413, 415])
const dottedPath = /^[A-Za-z_]\w*(\.\w+)*$/

/**
 * The app with a real ledger in memory and an upstream that accepts everything, all in this process. `play` holds
 * every answer to what is promised of all answers.
 */
export function createInProcessGateway() {
  const loaded = loadConfig(JSON.stringify(config('https://upstream.test/v1')), nodeContext(secrets))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  const clock = createFakeClock()
  const telemetry = createRecorder()
  const memory = createMemoryLedger({ clock, telemetry, maxSettled: 1000 })
  let opened: LedgerEntry[] = []
  let calls: UpstreamCall[] = []
  const ledger: Ledger = {
    ...memory,
    open(entry) {
      opened.push(entry)
      return memory.open(entry)
    },
  }
  const app = createApp({
    clock,
    telemetry,
    ledger,
    entropy: createEntropy(clock),
    digest: createNodeDigest(secretBytes),
    directory: createDirectory(loaded.config),
    transport: async (call) => {
      calls.push(call)
      return { kind: 'answered', status: 200, headers: { requestId: 'req_upstream' }, body: accepted }
    },
    timeoutMs: 35_000,
    replyButtonsAs: 'reply_buttons',
    gate: createGate(),
    maxInFlight: 4096,
  })

  return {
    async play(request: Request): Promise<Played> {
      opened = []
      calls = []
      telemetry.events.length = 0
      // No bucket of the fixture's generous tenants runs dry at this pace.
      clock.step(2)
      const { method } = request
      const response = await app.fetch(request)
      const { status, headers } = response
      const text = await response.text()
      const seen = JSON.stringify([...headers]) + text + JSON.stringify(telemetry.events)
      if (seen.includes(CANARY)) throw new Error(`a token is shown: ${seen}`)
      if (telemetry.of('internal_error').length > 0) throw new Error(`a fault of the gateway: ${seen}`)
      const early = beforeTheLedger.has(status)
      if (early && (opened.length > 0 || calls.length > 0)) throw new Error(`${status} after the ledger`)
      if (early && headers.has('x-ratelimit-limit')) throw new Error(`${status} with standings`)
      if (calls.length > 1) throw new Error('called twice')
      if (method === 'HEAD') return { status, headers, opened, calls }
      const body = checkAnswer({ status, headers, body: text })
      const { param } = (body.error ?? {}) as { param?: unknown }
      if (param !== undefined && !(typeof param === 'string' && dottedPath.test(param))) {
        throw new Error(`no path: ${String(param)}`)
      }
      return { status, headers, body, opened, calls }
    },
  }
}
