import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/http/gate.ts'

describe('the gate', () => {
  it('lets in as many as may be under way, and refuses the next at once', () => {
    const gate = createGate()
    expect([gate.enter(2), gate.enter(2)]).toEqual([undefined, undefined])
    expect(gate.enter(2)).toMatchObject({ status: 503, outcome: 'not_sent', retryAfterSeconds: 1 })
    expect(gate.underWay).toBe(2)
  })

  it('lets in another one when one has left', () => {
    const gate = createGate()
    gate.enter(1)
    gate.leave()
    expect(gate.enter(1)).toBeUndefined()
  })

  it('lets nobody in once it is shut, while those inside may leave', () => {
    const gate = createGate()
    gate.enter(5)
    gate.shut()
    expect(gate.enter(5)).toMatchObject({ status: 503, code: 'service_unavailable' })
    expect(gate.isShut).toBe(true)
    gate.leave()
    expect(gate.underWay).toBe(0)
  })

  it('counts nobody whom it has refused', () => {
    const gate = createGate()
    gate.enter(1)
    gate.enter(1)
    gate.leave()
    expect(gate.underWay).toBe(0)
  })
})
