import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/domain/answer.ts'
import {
  claim,
  hasExpired,
  type InFlight,
  meaning,
  RETENTION_MS,
  returnsMessage,
  type Settled,
  type SlotRecord,
  settled,
  type Unknown,
} from '../../src/domain/ledger-rules.ts'

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
const DAY = Date.UTC(2026, 0, 15)
const MONTH = Date.UTC(2026, 0, 1)

const answer: Answer = { status: 200, body: '{}' }
const slot = { fingerprint: 'v1:print', body: 'first' }
const counted = { day: DAY, month: MONTH }
const bound = { fingerprint: 'v1:print', firstSentAt: NOW }
const inFlight: InFlight = {
  ...bound,
  body: 'first',
  state: 'in_flight',
  owner: 'one',
  leaseEndsAt: NOW + 50_000,
  resumed: false,
  counted,
}
const unknown: Unknown = { ...bound, body: 'first', state: 'unknown', counted }
const kept: Settled = { ...bound, state: 'settled', answer }

describe('a record', () => {
  it.each([
    ['nothing', undefined, NOW, { kind: 'fresh' }],
    ['a kept answer', kept, NOW, { kind: 'replay', answer }],
    ['a kept answer of 24 hours less a moment', kept, NOW + RETENTION_MS - 1, { kind: 'replay', answer }],
    ['a kept answer of 24 hours', kept, NOW + RETENTION_MS, { kind: 'fresh' }],
    ['an unknown outcome', unknown, NOW, { kind: 'resume', record: unknown }],
    ['an unknown outcome of 24 hours', unknown, NOW + RETENTION_MS, { kind: 'fresh' }],
    ['a lease that runs', inFlight, NOW + 49_999, { kind: 'wait', leaseEndsAt: NOW + 50_000 }],
    ['a lease that ended', inFlight, NOW + 50_000, { kind: 'resume', record: inFlight }],
  ])('that is %s means what it says to an equal request', (_, record, now, expected) => {
    expect(meaning(record, 'v1:print', now)).toEqual(expected)
  })

  it.each([
    ['kept', kept],
    ['unknown', unknown],
    ['in flight', inFlight],
    ['left by a crashed owner', { ...inFlight, leaseEndsAt: NOW }],
  ])('that is %s is a mismatch to another request', (_, record) => {
    expect(meaning(record, 'v1:other', NOW)).toEqual({ kind: 'mismatch' })
  })

  it.each<[string, SlotRecord, ReturnType<typeof meaning>]>([
    ['kept', kept, { kind: 'replay', answer }],
    ['unknown', unknown, { kind: 'other_version', fingerprint: 'v1:print', body: 'first' }],
    ['in flight', inFlight, { kind: 'other_version', fingerprint: 'v1:print', body: 'first' }],
  ])(
    'that is %s cannot be compared by another version, whose prints mean something else',
    (_, record, expected) => {
      for (const print of ['v2:print', 'v2:other', 'print']) {
        expect(meaning(record, print, NOW)).toEqual(expected)
        expect(meaning(record, print, NOW + RETENTION_MS)).toEqual({ kind: 'fresh' })
      }
    },
  )

  it('of a release that kept no bodies is left to the upstream to judge, once nobody holds it', () => {
    const old = { ...unknown, fingerprint: 'print', body: undefined }
    const flying = { ...inFlight, fingerprint: 'print', body: undefined }
    expect(meaning(old, 'v1:print', NOW)).toEqual({ kind: 'resume', record: old })
    expect(meaning(flying, 'v1:print', NOW)).toEqual({ kind: 'wait', leaseEndsAt: flying.leaseEndsAt })
    expect(meaning(flying, 'v1:print', flying.leaseEndsAt)).toEqual({ kind: 'resume', record: flying })
    expect(meaning(old, 'other', NOW)).toEqual({ kind: 'mismatch' })
    // It is bound to what goes out now.
    expect(claim(old, slot, 'two', 50_000, undefined, NOW)).toMatchObject({ ...slot, resumed: true })
  })

  it('does not expire under a running lease', () => {
    const late = { ...inFlight, leaseEndsAt: NOW + RETENTION_MS + 5 }
    expect(hasExpired(late, NOW + RETENTION_MS + 4)).toBe(false)
    expect(hasExpired(late, NOW + RETENTION_MS + 5)).toBe(true)
  })

  it('of a fresh request begins now and counts its message', () => {
    expect(claim(undefined, slot, 'one', 50_000, counted, NOW)).toEqual(inFlight)
  })

  it('of a resumed request keeps its first send and the day its message was counted in', () => {
    const later = { day: DAY + 86_400_000, month: MONTH }
    expect(claim(unknown, { ...slot, body: 'second' }, 'two', 50_000, later, NOW + 1000)).toEqual({
      ...inFlight,
      owner: 'two',
      leaseEndsAt: NOW + 51_000,
      resumed: true,
    })
  })

  it('is kept, left unknown, or freed; freed only if no earlier attempt may have been sent', () => {
    const resumed = { ...inFlight, resumed: true }
    expect(settled(inFlight, 'keep', answer)).toEqual(kept)
    expect(settled(resumed, 'keep', answer)).toEqual(kept)
    expect(settled(inFlight, 'unknown', answer)).toEqual(unknown)
    expect(settled(inFlight, 'release', answer)).toBeUndefined()
    expect(settled(resumed, 'release', answer)).toEqual(unknown)
  })

  it('gives its message back unless an earlier attempt may have sent it', () => {
    expect(returnsMessage('release', false)).toBe(true)
    expect(returnsMessage('release', true)).toBe(false)
    expect(returnsMessage('keep', true)).toBe(true)
  })
})
