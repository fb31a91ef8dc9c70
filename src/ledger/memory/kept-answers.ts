import { LRUCache } from 'lru-cache'
import type { Settled } from '../../domain/ledger-rules.ts'
import { packAnswer, unpackAnswer } from '../packed-answer.ts'
import { TextStore } from './text-store.ts'

export interface KeptAnswersOptions {
  readonly max: number
  readonly maxBytes: number
  /** Told of a record that had to go for a newer one. */
  readonly evicted: (record: Settled) => void
}

/** What a record costs beyond its blocks and its name, in bytes: entries of map and list, rounded up. */
const RECORD_OVERHEAD_BYTES = 150

/** Settled records by row; the one used least recently goes first. */
export interface KeptAnswers {
  get(row: string): Settled | undefined
  set(row: string, record: Settled): void
  delete(row: string): void
}

/** Only the index is in the heap: the records are in a store of texts, which the collector does not look through. */
export function createKeptAnswers({ max, maxBytes, evicted }: KeptAnswersOptions): KeptAnswers {
  const texts = new TextStore()
  const ids = new LRUCache<string, number>({
    // Not `max`: for that many entries it makes room at once, which takes a tenth of the whole start.
    maxSize: maxBytes,
    dispose(id, _row, reason) {
      if (reason === 'evict') evicted(unpack(texts.get(id)))
      texts.free(id)
    },
  })
  return {
    get(row) {
      const id = ids.get(row)
      return id === undefined ? undefined : unpack(texts.get(id))
    },
    set(row, record) {
      const { id, bytes } = texts.add(pack(record))
      ids.set(row, id, { size: bytes + row.length + RECORD_OVERHEAD_BYTES })
      // What is larger than the whole cache is not taken in.
      if (ids.peek(row) !== id) texts.free(id)
      if (ids.size > max) ids.pop()
    },
    delete(row) {
      ids.delete(row)
    },
  }
}

/** Time, fingerprint and answer. Fingerprints hold no blank. */
const pack = ({ firstSentAt, fingerprint, answer }: Settled): string =>
  `${firstSentAt} ${fingerprint} ${packAnswer(answer)}`

function unpack(text: string): Settled {
  const time = text.indexOf(' ')
  const fingerprint = text.indexOf(' ', time + 1)
  return {
    state: 'settled',
    firstSentAt: Number(text.slice(0, time)),
    fingerprint: text.slice(time + 1, fingerprint),
    answer: unpackAnswer(text.slice(fingerprint + 1)),
  }
}
