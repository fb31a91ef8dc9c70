import { newId, stableId } from './id.ts'
import { asyncFailure } from './meta-refusals.ts'

/** A message as the API shows it (upstream contract §4). */
export interface MessageResource {
  readonly id: string
  readonly object: 'message'
  readonly direction: 'outbound' | 'inbound'
  readonly status: string
  readonly created_at: string
  readonly to?: string
  readonly type?: string
  readonly conversation_id?: string
  /** The wamid. */
  readonly message_id: string
  readonly error?: { readonly code: string; readonly message: string; readonly provider_code: number }
}

/** What was posted, by whom and for which number. */
export interface Submission {
  /** Organisation id. */
  readonly organisation: string
  readonly phoneNumberId: string
  readonly idempotencyKey?: string
  readonly body: { readonly to: string; readonly type: string }
}

export interface StoredMessage extends Omit<Submission, 'body'> {
  /** Counts up from 1 over all organisations. */
  readonly sequence: number
  readonly resource: MessageResource
  /** The posted body; absent for inbound messages. */
  readonly body?: unknown
}

export interface Messages {
  /**
   * Sends a message; gives `data` of the answer, which never carries the wamid (upstream contract §4).
   * `failsWith`: Meta code of a failure that shows only after the message was accepted.
   */
  send(submission: Submission, failsWith?: number): object
  /** Marks the inbound message behind `wamid` as read; a repeat changes nothing. Gives `data` of the answer. */
  markRead(organisation: string, phoneNumberId: string, wamid: string): object
  find(organisation: string, phoneNumberId: string, id: string): MessageResource | undefined
  /** Whether the sandbox itself has given out `wamid`. */
  isOutbound(wamid: string): boolean
  /** Everything that is still kept, newest first. */
  newestFirst(): StoredMessage[]
}

/** Above this number of messages the oldest are forgotten. */
const capacity = 10_000

/** `now`: epoch ms. */
export function createMessages(now: () => number): Messages {
  const byId = new Map<string, StoredMessage>()
  let sequence = 0

  const add = (message: Omit<StoredMessage, 'sequence'>) => {
    sequence += 1
    byId.set(message.resource.id, { sequence, ...message })
    if (byId.size <= capacity) return
    // Many at once: every walk starts by passing over what was deleted before.
    for (const oldest of [...byId.keys()].slice(0, capacity / 10)) byId.delete(oldest)
  }

  return {
    send(submission, failsWith) {
      const { organisation, phoneNumberId, body } = submission
      const id = newId('msg', now())
      const accepted = {
        id,
        object: 'message',
        to: body.to,
        type: body.type,
        created_at: new Date(now()).toISOString(),
        conversation_id: stableId('cnv', `${organisation} ${phoneNumberId} ${body.to}`),
      } as const
      const message_id = `wamid.${Buffer.from(id).toString('base64')}`
      const fate =
        failsWith === undefined ? { status: 'sent' } : { status: 'failed', error: asyncFailure(failsWith) }
      add({ ...submission, resource: { ...accepted, direction: 'outbound', message_id, ...fate } })
      return { ...accepted, status: 'queued' }
    },

    markRead(organisation, phoneNumberId, wamid) {
      const id = stableId('msg', `${organisation} ${phoneNumberId} ${wamid}`)
      const receipt = { id, object: 'message', status: 'read', message_id: wamid } as const
      const created_at = new Date(now()).toISOString()
      if (!byId.has(id)) {
        add({ organisation, phoneNumberId, resource: { ...receipt, direction: 'inbound', created_at } })
      }
      return receipt
    },

    find(organisation, phoneNumberId, id) {
      const message = byId.get(id)
      const owned = message?.organisation === organisation && message.phoneNumberId === phoneNumberId
      return owned ? message.resource : undefined
    },

    isOutbound(wamid) {
      const id = Buffer.from(wamid.slice('wamid.'.length), 'base64').toString()
      return byId.get(id)?.resource.direction === 'outbound'
    },

    newestFirst: () => [...byId.values()].reverse(),
  }
}
