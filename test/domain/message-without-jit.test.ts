import { afterAll, describe, expect, it, vi } from 'vitest'
import { outcome, samples, send } from './message-samples.ts'

/** Workers do not compile code at run time; zod, loaded after this, finds that out and interprets its schemas. */
const compile = vi.hoisted(() => {
  const attempt = vi.fn(function refuse(): never {
    throw new EvalError('Code generation from strings disallowed for this context')
  })
  vi.stubGlobal('Function', attempt)
  return attempt
})

afterAll(() => {
  vi.unstubAllGlobals()
})

describe('without code generation', () => {
  it.each(Object.keys(samples))('a message is accepted as it is with it: %s', (name) => {
    const body = samples[name] ?? {}
    expect(outcome(body)).toEqual(body)
  })

  it('the same first fault is found', () => {
    const body = send('template', { name: '', language: null, components: [{}, 5] })
    expect(outcome(body)).toMatchObject({ code: 'invalid_field_value', param: 'template.name' })
    expect(outcome({ type: 'text' })).toMatchObject({ param: 'messaging_product' })
  })

  it('nothing is compiled but the one probe', () => {
    expect(compile.mock.calls).toEqual([['']])
  })
})
