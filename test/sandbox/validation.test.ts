import { describe, expect, it } from 'vitest'
import { validate } from '../../src/sandbox/validate.ts'
import { phoneNumberId, post, start, textTo } from './client.ts'

const to = '+14155550123'
const send = (type: string, content: unknown, extra = {}) => ({
  messaging_product: 'whatsapp',
  to,
  type,
  [type]: content,
  ...extra,
})
const interactive = (content: object) => send('interactive', { body: { text: 'Choose' }, ...content })
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index}`, title: 'Row' }))
const list = (...sections: object[]) => interactive({ type: 'list', action: { button: 'Open', sections } })
const button = (id: string, title: string) => ({ type: 'reply', reply: { id, title } })
const buttons = (...all: object[]) => interactive({ type: 'reply_buttons', action: { buttons: all } })
const cta = (url: string, text = 'Open', extra = {}) =>
  interactive({
    type: 'cta_url',
    action: { name: 'cta_url', parameters: { display_text: text, url } },
    ...extra,
  })
const carousel = (cards: number, extra = {}) =>
  interactive({ type: 'carousel', action: { cards: new Array(cards).fill({}) }, ...extra })
const link = 'https://files.example.org/p/42.png'

describe('bodies that are accepted', () => {
  it.each<[string, object]>([
    ['text of 4096 characters', send('text', { body: 'x'.repeat(4096), preview_url: true })],
    [
      'text with unknown fields',
      send('text', { body: 'x', colour: 'red' }, { biz_opaque_callback_data: 'y' }),
    ],
    ['a contextual reply', send('text', { body: 'x' }, { context: { message_id: 'wamid.x' } })],
    ['an image by link', send('image', { link, caption: 'x'.repeat(1024) })],
    ['a document by id', send('document', { id: '1873400112233445', filename: 'a.pdf', caption: 'A' })],
    ['a video', send('video', { link })],
    ['audio without a caption', send('audio', { id: '1' })],
    ['a template with its language as text', send('template', { name: 'hello', language: 'en_US' })],
    [
      'a template with its language as an object, and components',
      send('template', {
        name: 'hello',
        language: { code: 'id', policy: 'deterministic' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: 'Mira' }] }],
      }),
    ],
    ['a cta_url with an image header', cta(link, 'Open', { header: { type: 'image', image: { link } } })],
    ['a list of ten rows', list({ title: 'One', rows: rows(5) }, { title: 'Two', rows: rows(5) })],
    ['three reply buttons', buttons(button('a', 'A'), button('b', 'B'), button('c', 'C'))],
    ['a carousel of ten cards', carousel(10)],
    ['recipient_type individual', send('text', { body: 'x' }, { recipient_type: 'individual' })],
  ])('%s', (_what, body) => {
    expect(validate(body)).toMatchObject({ kind: 'send', body })
  })

  it('a read receipt, which the field status alone makes', () => {
    const receipt = {
      ...textTo(to),
      status: 'read',
      message_id: 'wamid.x',
      typing_indicator: { type: 'text' },
    }
    expect(validate(receipt)).toMatchObject({ kind: 'receipt' })
  })
})

const missing = 'missing_required_field'
const invalid = 'invalid_field_value'

describe('bodies that are refused', () => {
  it.each<[object, string, string]>([
    [{ ...textTo(to), messaging_product: undefined }, missing, 'messaging_product'],
    [{ ...textTo(to), messaging_product: 'sms' }, invalid, 'messaging_product'],
    [{ ...textTo(to), recipient_type: 'group' }, invalid, 'recipient_type'],
    [{ ...textTo(to), type: undefined }, missing, 'type'],
    [{ ...textTo(to), type: 'sticker' }, invalid, 'type'],
    [{ ...textTo(to), to: undefined }, missing, 'to'],
    [textTo('14155550123'), 'invalid_phone_number', 'to'],
    [textTo('+0155550123'), 'invalid_phone_number', 'to'],
    [textTo('+1 415 555 0123'), 'invalid_phone_number', 'to'],
    [textTo('+1234567890123456'), 'invalid_phone_number', 'to'],
    [{ ...textTo(to), to: 14155550123 }, 'invalid_phone_number', 'to'],
    [{ ...textTo(to), text: undefined }, missing, 'text'],
    [send('text', {}), missing, 'text.body'],
    [send('text', { body: '' }), invalid, 'text.body'],
    [send('text', { body: null }), invalid, 'text.body'],
    [send('text', { body: 'x'.repeat(4097) }), invalid, 'text.body'],
    [send('text', { body: 'x', preview_url: 'yes' }), invalid, 'text.preview_url'],
    [send('text', { body: 'x' }, { context: { message_id: 'msg_1' } }), invalid, 'context.message_id'],
    [send('image', {}), missing, 'image.link'],
    [send('image', { url: link }), missing, 'image.link'],
    [send('image', { link, id: '1' }), invalid, 'image'],
    [send('image', { link: 'http://files.example.org/a.png' }), invalid, 'image.link'],
    [send('image', { link, caption: 'x'.repeat(1025) }), invalid, 'image.caption'],
    [send('audio', { link, caption: 'A song' }), invalid, 'audio.caption'],
    [send('template', { language: 'en_US' }), missing, 'template.name'],
    [send('template', { name: 'hello' }), missing, 'template.language'],
    [send('template', { name: 'hello', language: {} }), invalid, 'template.language'],
    [send('template', { name: 'hello', language: 'id', components: {} }), invalid, 'template.components'],
    [interactive({}), missing, 'interactive.type'],
    [interactive({ type: 'button', action: {} }), invalid, 'interactive.type'],
    [interactive({ type: 'list', action: { button: 'Open' } }), missing, 'interactive.action.sections'],
    [list({ rows: rows(6) }, { rows: rows(5) }), invalid, 'interactive.action.sections'],
    [
      list({ rows: [{ id: 'a', title: 'x'.repeat(25) }] }),
      invalid,
      'interactive.action.sections.0.rows.0.title',
    ],
    [buttons(), invalid, 'interactive.action.buttons'],
    [buttons(button('a', 'A'), button('a', 'B')), invalid, 'interactive.action.buttons'],
    [buttons(button('a', 'A'), button('b', 'A')), invalid, 'interactive.action.buttons'],
    [buttons(button('a', 'x'.repeat(21))), invalid, 'interactive.action.buttons.0.reply.title'],
    [cta('http://pay.example.org'), invalid, 'interactive.action.parameters.url'],
    [cta(link, 'x'.repeat(21)), invalid, 'interactive.action.parameters.display_text'],
    [carousel(1), invalid, 'interactive.action.cards'],
    [carousel(11), invalid, 'interactive.action.cards'],
    [carousel(2, { header: { type: 'text', text: 'No' } }), invalid, 'interactive.header'],
    [{ status: 'read', message_id: 'wamid.x' }, missing, 'messaging_product'],
    [{ messaging_product: 'whatsapp', status: 'read' }, missing, 'message_id'],
    [{ messaging_product: 'whatsapp', status: 'read', message_id: 'msg_1' }, invalid, 'message_id'],
    [{ messaging_product: 'whatsapp', status: 'delivered', message_id: 'wamid.x' }, invalid, 'status'],
  ])('%j', (body, code, param) => {
    const wire = JSON.parse(JSON.stringify(body))
    expect(validate(wire)).toMatchObject({ kind: 'refused', refusal: { code, param } })
  })

  it('give 400 with the field at fault and send nothing', async () => {
    const sandbox = await start()
    const { status, headers, body } = await post(sandbox, textTo('6281234'), { key: 'k' })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({
      type: 'invalid_request_error',
      code: 'invalid_phone_number',
      param: 'to',
      request_id: headers.get('x-request-id'),
    })
    expect(headers.has('x-ratelimit-remaining')).toBe(true)
    expect(sandbox.stats().messagesSent).toBe(0)
    const repaired = await post(sandbox, textTo('+6281234567'), { key: 'k' })
    expect(repaired.status).toBe(200)
  })

  it.each([
    ['text that is no JSON', '{"to":', {}],
    ['JSON that is no object', '[]', {}],
    ['another content type', JSON.stringify(textTo(to)), { 'Content-Type': 'text/plain' }],
  ])('give 400 invalid_request for %s', async (_what, body, headers) => {
    const answer = await post(await start(), body, { headers })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_request'])
  })

  it('give 400 invalid_request for bytes that are not UTF-8', async () => {
    const sandbox = await start()
    const text = Buffer.from(JSON.stringify(textTo(to, 'caf\u00e9')), 'latin1')
    const response = await fetch(`${sandbox.baseUrl}/${phoneNumberId}/messages`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer kdv_live_sandbox_demo_token_00001',
        'Content-Type': 'application/json',
      },
      body: text,
    })
    expect(response.status).toBe(400)
  })

  it('give 400 invalid_template_name for the one template that does not exist', async () => {
    const answer = await post(await start(), send('template', { name: 'no_such_template', language: 'id' }))
    expect(answer.body.error).toMatchObject({ code: 'invalid_template_name', param: 'template.name' })
  })
})
