// What each stage of a keyed send costs by itself, over one text message of 200 bytes.
// Usage: npx vitest bench --run --project node bench/stages.bench.ts
import { bench, describe } from 'vitest'
import { render } from '../src/domain/answer.ts'
import { canonicalJson, derivedKeyBytes, fingerprintOf, fingerprintText } from '../src/domain/fingerprint.ts'
import { checkJson, utf8Text } from '../src/domain/json.ts'
import { judge } from '../src/domain/judge.ts'
import { checkMessage, type MessageBody } from '../src/domain/message.ts'
import { type Account, Secret } from '../src/domain/tenant.ts'
import type { UpstreamResult } from '../src/domain/upstream.ts'
import { createMemoryLedger } from '../src/ledger/memory.ts'
import type { LedgerEntry } from '../src/ports.ts'
import { systemClock } from '../src/system/clock.ts'
import { createNodeDigest } from '../src/system/digest-node.ts'
import { createEntropy } from '../src/system/entropy.ts'

const text = JSON.stringify({
  messaging_product: 'whatsapp',
  to: '+14155550123',
  type: 'text',
  text: { body: 'Hello, your order is on its way and should be with you tomorrow'.padEnd(115, '.') },
})
const upstreamBody = JSON.stringify({
  data: {
    id: 'msg_01M828270787KX92DJPVC1C7D7',
    object: 'message',
    to: '+14155550123',
    type: 'text',
    created_at: '2026-11-22T18:24:59.911Z',
    conversation_id: 'cnv_AP0YZS4J2R50Z73CB4XXVAXZ0X',
    status: 'queued',
    note: 'x'.repeat(75),
  },
  request_id: 'req_01M82826YEAT17HFQYHE6KK9VA',
})

const bytes = new TextEncoder().encode(text)
const parsed = JSON.parse(text) as MessageBody
const settings = { replyButtonsAs: 'reply_buttons' } as const
const normalised = checkMessage(parsed, settings)
if (!normalised.success) throw new Error('the message is not valid')
const canonical = canonicalJson(normalised.data)
const digest = createNodeDigest(new Uint8Array(32).fill(7))
const entropy = createEntropy(systemClock)
const LIMIT = 1_000_000_000
const account: Account = {
  id: 'acme',
  token: new Secret('kdv_live_CANARY_of_the_bench'),
  writePerMinute: LIMIT,
  readPerMinute: LIMIT,
  weights: 1,
}
const result: UpstreamResult = {
  kind: 'answered',
  status: 200,
  headers: { requestId: 'req_01M82826YEAT17HFQYHE6KK9VA' },
  body: upstreamBody,
}
const judged = judge(result, { operation: 'send', resumed: false, account, now: Date.now() })
const requestId = entropy.id('req')
const answer = render(judged.verdict, requestId)

let count = 0
function entry(): LedgerEntry {
  count += 1
  const fingerprint = `v1:${String(count).padStart(64, '0')}`
  return {
    account: account.id,
    tenant: 'bench',
    owner: `req_${count}`,
    leaseMs: 45_000,
    charge: {
      class: 'write',
      tenantPerMinute: LIMIT,
      accountPerMinute: LIMIT,
      maxConcurrent: LIMIT,
      share: { weight: 1, of: 1 },
      message: { perDay: LIMIT },
    },
    slot: { key: `bench-${count}`, fingerprint, body: canonical, waitMs: 30_000 },
  }
}
const ledger = createMemoryLedger({ clock: systemClock, telemetry: { record: () => {} } })

describe('the stages of a keyed send', () => {
  bench('parse: UTF-8, JSON, rules of JSON', () => {
    checkJson(JSON.parse(utf8Text(bytes) ?? ''))
  })
  bench('normalise: check the message', () => {
    checkMessage(parsed, settings)
  })
  bench('canonical JSON', () => {
    canonicalJson(normalised.data)
  })
  bench('fingerprint: SHA-256 of the canonical body', () => {
    fingerprintOf(String(digest.sha256(fingerprintText('POST', '/106540352242922/messages', canonical))))
  })
  bench('derived key: HMAC-SHA256', () => {
    void digest.hmac(derivedKeyBytes('bench', 'a-key-of-thirty-two-characters-x'))
  })
  bench('request id', () => {
    entropy.id('req')
  })
  bench('ledger in memory: open + settle', () => {
    const one = entry()
    void ledger.open(one)
    void ledger.settle(one, { settlement: 'keep', answer, giveBack: false })
  })
  bench('judge the upstream’s answer', () => {
    judge(result, { operation: 'send', resumed: false, account, now: 0 })
  })
  bench('render the answer', () => {
    render(judged.verdict, requestId)
  })
})
