import { describe, expect, it } from 'vitest'
import { Secret, type Tenant } from '../../src/domain/tenant.ts'
import { type SendPorts, send } from '../../src/pipeline/send.ts'
import type { Ledger, Opened } from '../../src/ports.ts'
import { createNodeDigest } from '../../src/system/digest-node.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const tenant: Tenant = {
  id: 'billing',
  account: {
    id: 'acme',
    token: new Secret('kdv_live_CANARY'),
    writePerMinute: 600,
    readPerMinute: 600,
    weights: 1,
  },
  phoneNumberIds: '*',
  quotas: { writePerMinute: 60, readPerMinute: 600, maxConcurrent: 64 },
  weight: 1,
  suspended: false,
}
const standings = { class: 'write', at: 0, bucket: { limit: 60, remaining: 59, fullAt: 0 } } as const

/** What one who sends "Hi" is answered when the ledger gives `opened`, one after the other. */
async function answerTo(...opened: Opened[]) {
  let calls = 0
  const ledger: Ledger = {
    open: () => opened.shift() ?? { kind: 'full' },
    settle: () => true,
    standings: () => standings,
    reachable: () => true,
  }
  const ports: SendPorts = {
    clock: createFakeClock(),
    telemetry: { record: () => {} },
    ledger,
    digest: createNodeDigest(new Uint8Array(32)),
    timeoutMs: 35_000,
    replyButtonsAs: 'reply_buttons',
    transport: () => {
      calls += 1
      return Promise.resolve({ kind: 'unknown', reason: 'deadline' })
    },
  }
  const body = {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '+14155550123',
    type: 'text',
    text: { body: 'Hi' },
  }
  const { answer } = await send(ports, {
    requestId: 'req_1',
    credential: { tenant, key: { id: 'key_ci' } },
    phoneNumberId: '106540352242922',
    message: { kind: 'send', body },
    clientKey: 'k',
  })
  return { answer, calls }
}

const boundBy = (version: string, text: string): Opened => ({
  kind: 'other_version',
  fingerprint: `${version}:print`,
  body: `{"messaging_product":"whatsapp","recipient_type":"individual","text":${text},"to":"+14155550123","type":"text"}`,
  standings,
})

const tryLater = {
  status: 409,
  code: 'idempotency_in_progress',
  outcome: 'unknown',
  retryAfterSeconds: 1,
}

describe('while two releases run side by side', () => {
  it('a key that the later one has bound is never called a reuse: its body cannot be compared here', async () => {
    const { answer, calls } = await answerTo(boundBy('v10', '{"body":"Hi","preview_url":false}'))
    expect(answer).toMatchObject(tryLater)
    expect(calls).toBe(0)
  })

  it('a key that is bound anew between two looks is asked for again later', async () => {
    const same = boundBy('v0', '{"body":"Hi"}')
    const { answer, calls } = await answerTo(same, boundBy('v10', '{"body":"Hi","preview_url":false}'))
    expect(answer).toMatchObject(tryLater)
    expect(calls).toBe(0)
  })

  it('a key that the earlier one has bound for another message is a reuse', async () => {
    const { answer, calls } = await answerTo(boundBy('v0', '{"body":"Something else"}'))
    expect(answer).toMatchObject({ status: 422, code: 'idempotency_key_reuse', outcome: 'not_sent' })
    expect(calls).toBe(0)
  })
})
