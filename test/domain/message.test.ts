import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOf, kindOf, type MessageBody, parseMessage, schemaFor } from '../../src/domain/message.ts'
import { faultIn, link, outcome, receipt, samples, send, settings } from './message-samples.ts'

const sample = fc.constantFrom(...Object.values(samples))
const names = Object.keys(samples)

/** Paths of every object in `value`, the root included. */
function objectPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.entries(value).flatMap(([key, inner]) => objectPaths(inner, [...path, key]))
  return Array.isArray(value) ? below : [[...path], ...below]
}

/** A copy of `value` with `change` applied to what stands at `path`. */
function changedAt(value: unknown, path: readonly string[], change: (at: unknown) => unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return change(value)
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === key ? changedAt(item, rest, change) : item))
  }
  const object = value as MessageBody
  return { ...object, [key]: changedAt(object[key], rest, change) }
}

const objectIn = sample.chain((body) => fc.constantFrom(...objectPaths(body)).map((path) => ({ body, path })))

const unknownFields = fc.dictionary(
  fc.string().map((name) => `x_${name}`),
  fc.jsonValue({ maxDepth: 3 }),
)

describe('every message', () => {
  it.each(names)('is accepted and, being normalised already, left as it is: %s', (name) => {
    const body = samples[name] ?? {}
    expect(outcome(body)).toEqual(body)
  })

  it('keeps the fields that the gateway does not know, wherever they stand', () => {
    fc.assert(
      fc.property(objectIn, unknownFields, ({ body, path }, fields) => {
        const extended = changedAt(body, path, (at) => ({ ...(at as MessageBody), ...fields })) as MessageBody
        expect(outcome(extended)).toEqual(extended)
      }),
      { numRuns: 500 },
    )
  })

  it('stays as it is when it is parsed again', () => {
    const spelling = fc.constantFrom('+62 812-3456-7890', '006281234567890', '6281234567890', '081234567890')
    const media = fc.constantFrom({ url: link }, { link }, { id: '1' })
    const language = fc.constantFrom('id', { code: 'id' }, { code: 'id', policy: 'deterministic' })
    const name = fc.constantFrom('reply_buttons' as const, 'button' as const)
    const raw = fc.record({ to: spelling, media, language, name, given: name })
    fc.assert(
      fc.property(raw, ({ to, media, language, name, given }) => {
        const under = { defaultCountry: 'ID', replyButtonsAs: name }
        const header = [{ type: 'header', parameters: [{ type: 'image', image: media }] }]
        const buttons = [{ type: 'reply', reply: { id: 'a', title: 'A' } }]
        const bodies = [
          send('image', media, { to }),
          send('template', { name: 'n', language, components: header }, { to }),
          send('interactive', { type: given, body: { text: 'x' }, action: { buttons } }, { to }),
        ]
        for (const body of bodies) {
          const once = outcome(body, under) as MessageBody
          expect(once).toMatchObject({ to: '+6281234567890' })
          expect(outcome(once, under)).toEqual(once)
        }
      }),
    )
  })

  it('is a fault with code, field and text, or is accepted, whatever one value is replaced by', () => {
    const junk = fc.jsonValue({ maxDepth: 2 })
    fc.assert(
      fc.property(objectIn, fc.nat(), junk, ({ body, path }, pick, value) => {
        const broken = changedAt(body, path, (at) => {
          const keys = Object.keys(at as MessageBody)
          return { ...(at as MessageBody), [keys[pick % keys.length] ?? '']: value }
        }) as MessageBody
        const parsed = parseMessage(broken, settings)
        if (parsed.ok) expect(outcome(parsed.message.body)).toEqual(parsed.message.body)
        else expect(parsed.fault.message).toContain(`\`${parsed.fault.param}\` `)
      }),
      { numRuns: 3000 },
    )
  })

  it('is never quoted in a fault, whichever value is at fault', () => {
    const secrets = fc.constantFrom<unknown>('+14155550123 Mira', 'Mira 14155550123', [14155550123, 'Mira'])
    fc.assert(
      fc.property(objectIn, fc.nat(), secrets, ({ body, path }, pick, secret) => {
        const broken = changedAt(body, path, (at) => {
          const keys = Object.keys(at as MessageBody)
          return { ...(at as MessageBody), [keys[pick % keys.length] ?? '']: secret }
        }) as MessageBody
        const parsed = parseMessage(broken, settings)
        if (!parsed.ok) expect(parsed.fault.message.replace('+14155550123.', '')).not.toMatch(/Mira|14155/)
      }),
      { numRuns: 500 },
    )
  })

  it('is read no further than its first fault', () => {
    let read = 0
    const components = new Proxy(new Array<number>(100_000).fill(0), {
      get(target, key) {
        if (key !== 'length') read += 1
        return Reflect.get(target, key)
      },
    })
    const body = send('template', { name: 'n', language: 'en', components })
    expect(parseMessage(body, settings)).toMatchObject({ fault: { param: 'template.components.0' } })
    expect(read).toBeLessThan(5)
  })
})

describe('the choice of the schema', () => {
  it('lets `status` make a read receipt of any body', () => {
    expect(kindOf(receipt())).toBe('receipt')
    expect(outcome(receipt({ type: 'text', to: 5, text: null }))).toEqual(
      receipt({ type: 'text', to: 5, text: null }),
    )
    expect(faultIn({ ...samples.text, status: null })).toBe('invalid_field_value status')
    expect(kindOf(samples.text ?? {})).toBe('send')
  })

  it('names the seven types when there is no such type', () => {
    expect(outcome(send('sticker', {}))).toEqual({
      code: 'invalid_field_value',
      param: 'type',
      message:
        '`type` must be one of text, image, document, video, audio, template, interactive; it is "sticker".',
    })
  })

  it.each([[null], [''], [7], [['text']], ['constructor'], ['__proto__'], ['Text']])(
    'takes %j for no type',
    (type) => {
      expect(faultIn({ ...samples.text, type })).toBe('invalid_field_value type')
    },
  )

  it('gives schemas that are built once per setting', () => {
    const body = samples.text ?? {}
    const indonesian = { ...settings, defaultCountry: 'ID' }
    expect(schemaFor(body, settings)).toBe(schemaFor(body, { ...settings }))
    expect(schemaFor(body, indonesian)).toBe(schemaFor(body, { ...indonesian }))
    expect(schemaFor(body, settings)).not.toBe(schemaFor(body, indonesian))
  })

  it('gives schemas whose own parse answers like parseMessage', () => {
    const body = send('text', {}, { to: '14155550123' })
    const result = schemaFor(body, settings).safeParse(body)
    expect(result.error && faultOf(result.error, body)).toEqual(outcome(body))
    const good = send('text', { body: 'x' }, { to: '14155550123' })
    expect(schemaFor(good, settings).parse(good)).toEqual(outcome(good))
  })
})

describe('the common fields', () => {
  const { messaging_product: _, ...withoutProduct } = send('text', { body: 'x' })
  const { recipient_type: __, ...withoutRecipientType } = send('text', { body: 'x' })
  const text = (more: MessageBody) => send('text', { body: 'x' }, more)

  it('are checked in the order they are documented in', () => {
    expect(faultIn({})).toBe('missing_required_field messaging_product')
    const steps: MessageBody = { messaging_product: 'whatsapp', recipient_type: 'all' }
    expect(faultIn(steps)).toBe('invalid_field_value recipient_type')
    expect(faultIn({ ...steps, recipient_type: 'individual' })).toBe('missing_required_field to')
    expect(faultIn({ messaging_product: 'whatsapp', to: '1' })).toBe('invalid_phone_number to')
    expect(faultIn({ messaging_product: 'whatsapp', to: '+14155550123' })).toBe('missing_required_field type')
    expect(faultIn(text({ text: {}, context: 5 }))).toBe('missing_required_field text.body')
  })

  it('need messaging_product to be whatsapp', () => {
    expect(outcome(withoutProduct)).toMatchObject({ message: '`messaging_product` is required.' })
    expect(outcome(text({ messaging_product: 'sms' }))).toMatchObject({
      code: 'invalid_field_value',
      param: 'messaging_product',
      message: '`messaging_product` must be "whatsapp"; it is "sms".',
    })
  })

  it('have recipient_type filled in', () => {
    expect(outcome(withoutRecipientType)).toEqual(text({}))
    expect(faultIn(text({ recipient_type: null }))).toBe('invalid_field_value recipient_type')
  })

  it.each([
    ['62 812-3456-7890', undefined, '+6281234567890'],
    ['0062 (812) 3456.7890', undefined, '+6281234567890'],
    ['0812-3456-7890', 'ID', '+6281234567890'],
  ])('bring to %s under %s to %s', (to, defaultCountry, number) => {
    expect(outcome(text({ to }), { ...settings, defaultCountry })).toEqual(text({ to: number }))
  })

  it.each([
    ['', undefined],
    ['0812-3456-7890', undefined],
    ['+1', undefined],
    ['81234567890', 'ID'],
  ])('refuse to %j under %s, saying how to write it', (to, defaultCountry) => {
    expect(outcome(text({ to }), { ...settings, defaultCountry })).toEqual({
      code: 'invalid_phone_number',
      param: 'to',
      message:
        '`to` cannot be brought to E.164. Write it with its + and country code, for example +14155550123.',
    })
  })

  it.each([[null], [14155550123], [['+14155550123']]])('refuse to %j as no string', (to) => {
    expect(outcome(text({ to }))).toMatchObject({
      code: 'invalid_field_value',
      message: '`to` must be a string.',
    })
  })

  it('may quote an inbound message', () => {
    const reply = text({ context: { message_id: 'wamid.abc', x_more: 1 }, biz_opaque_callback_data: 'a' })
    expect(outcome(reply)).toEqual(reply)
    expect(faultIn(text({ context: {} }))).toBeUndefined()
    expect(faultIn(text({ context: null }))).toBe('invalid_field_value context')
    expect(faultIn(text({ context: { message_id: '' } }))).toBe('invalid_field_value context.message_id')
    expect(faultIn(text({ context: { message_id: 'msg_01J9ZK3V5QW8R2T4Y6B7C8D9EF' } }))).toBe(
      'invalid_field_value context.message_id',
    )
  })

  it.each(['text', 'image', 'document', 'video', 'audio', 'template', 'interactive'])(
    'need the object that the type %s names',
    (type) => {
      const { [type]: __, ...body } = send(type, {})
      expect(faultIn(body)).toBe(`missing_required_field ${type}`)
      expect(faultIn({ ...body, [type]: null })).toBe(`invalid_field_value ${type}`)
      expect(faultIn({ ...body, [type]: [] })).toBe(`invalid_field_value ${type}`)
    },
  )
})

describe('a text', () => {
  const text = (body: unknown) => send('text', { body })

  it('has 1 to 4096 characters, whatever they take in UTF-16', () => {
    const unit = fc.constantFrom('a', 'é', '😀', '👍', '\u{10ffff}')
    const characters = (length: number) => fc.array(unit, { minLength: length, maxLength: length })
    fc.assert(
      fc.property(characters(4096), unit, (all, oneMore) => {
        const longest = all.join('')
        expect(faultIn(text(longest))).toBeUndefined()
        expect(faultIn(text(longest + oneMore))).toBe('invalid_field_value text.body')
      }),
      { numRuns: 20 },
    )
    expect(outcome(text('😀'.repeat(5000)))).toMatchObject({
      message: '`text.body` must be 1 to 4096 characters; it has 5000.',
    })
  })

  it.each([
    [{}, 'missing_required_field text.body'],
    [{ body: '' }, 'invalid_field_value text.body'],
    [{ body: null }, 'invalid_field_value text.body'],
    [{ body: 7 }, 'invalid_field_value text.body'],
    [{ body: 'x', preview_url: 'true' }, 'invalid_field_value text.preview_url'],
    [{ body: 'x', preview_url: null }, 'invalid_field_value text.preview_url'],
    [{ body: ' ' }, undefined],
    [{ body: 'x', preview_url: true }, undefined],
  ])('of %j: %s', (content, fault) => {
    expect(faultIn(send('text', content))).toBe(fault)
  })
})

describe('a read receipt', () => {
  it('has messaging_product filled in', () => {
    const { messaging_product: __, ...body } = receipt()
    expect(outcome(body)).toEqual(receipt())
    expect(parseMessage(body, settings)).toMatchObject({ message: { kind: 'receipt' } })
  })

  it.each([
    [{ messaging_product: 'sms' }, 'invalid_field_value messaging_product'],
    [{ status: 'delivered' }, 'invalid_field_value status'],
    [{ message_id: undefined }, 'missing_required_field message_id'],
    [{ message_id: null }, 'invalid_field_value message_id'],
    [{ message_id: '' }, 'invalid_field_value message_id'],
    [{ message_id: 'msg_01J9ZK3V5QW8R2T4Y6B7C8D9EF' }, 'invalid_field_value message_id'],
    [{ typing_indicator: {} }, 'missing_required_field typing_indicator.type'],
    [{ typing_indicator: { type: 'audio' } }, 'invalid_field_value typing_indicator.type'],
    [{ typing_indicator: true }, 'invalid_field_value typing_indicator'],
    [{ message_id: 'ABGGFlA5Fpa' }, undefined],
  ])('with %j: %s', (more, fault) => {
    expect(faultIn(receipt(more))).toBe(fault)
  })
})
