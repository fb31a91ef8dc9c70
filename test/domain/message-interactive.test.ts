import { describe, expect, it } from 'vitest'
import {
  button,
  cards,
  carousel,
  ctaUrl,
  faultIn,
  interactive,
  link,
  list,
  outcome,
  replyButtons,
  rows,
  send,
  settings,
} from './message-samples.ts'

const text = (length: number) => '😀'.repeat(length)

const invalid = (path: string) => `invalid_field_value interactive.${path}`
const missing = (path: string) => `missing_required_field interactive.${path}`

describe('an interactive message', () => {
  it('names the five types when there is no such type', () => {
    expect(outcome(interactive({ type: 'flow' }))).toEqual({
      code: 'invalid_field_value',
      param: 'interactive.type',
      message:
        '`interactive.type` must be one of reply_buttons, button, cta_url, list, carousel; it is "flow".',
    })
    expect(faultIn(interactive({}))).toBe(missing('type'))
    expect(faultIn(interactive({ type: null }))).toBe(invalid('type'))
    expect(faultIn(interactive({ type: 'constructor' }))).toBe(invalid('type'))
    expect(faultIn(send('interactive', 'list'))).toBe('invalid_field_value interactive')
  })

  it('reports the recipient before the type', () => {
    expect(faultIn({ ...interactive({ type: 'flow' }), to: '1' })).toBe('invalid_phone_number to')
  })

  it.each(['reply_buttons', 'button', 'cta_url', 'list', 'carousel'])('needs body and action: %s', (type) => {
    expect(faultIn(send('interactive', { type }))).toBe(missing('body'))
    expect(faultIn(send('interactive', { type, body: {} }))).toBe(missing('body.text'))
    expect(faultIn(interactive({ type }))).toBe(missing('action'))
  })

  it.each([
    ['a call to action', (more: object) => ctaUrl({}, { ...more })],
    ['a list', (more: object) => list([{ rows: rows(1) }], { ...more })],
    ['reply buttons', (more: object) => replyButtons([button('a')], { ...more })],
  ])('has a body of 1 to 1024 and a footer of 1 to 60 characters: %s', (_, build) => {
    expect(faultIn(build({ body: { text: text(1024) }, footer: { text: text(60) } }))).toBeUndefined()
    expect(faultIn(build({ body: { text: text(1025) } }))).toBe(invalid('body.text'))
    expect(faultIn(build({ body: { text: '' } }))).toBe(invalid('body.text'))
    expect(faultIn(build({ footer: { text: text(61) } }))).toBe(invalid('footer.text'))
    expect(faultIn(build({ footer: { text: '' } }))).toBe(invalid('footer.text'))
    expect(faultIn(build({ footer: {} }))).toBe(missing('footer.text'))
  })
})

describe('a call to action', () => {
  it.each([
    [{ display_text: text(20) }, undefined],
    [{ display_text: text(21) }, invalid('action.parameters.display_text')],
    [{ display_text: '' }, invalid('action.parameters.display_text')],
    [{ url: undefined }, missing('action.parameters.url')],
    [{ url: '' }, invalid('action.parameters.url')],
    [{ url: 'http://pay.example.org/' }, invalid('action.parameters.url')],
    [{ url: 'https:///pay.example.org/' }, invalid('action.parameters.url')],
    [{ url: 'https://a:b:c/' }, invalid('action.parameters.url')],
    [{ url: 'pay.example.org' }, invalid('action.parameters.url')],
    [{ url: 'https://intranet/i/9' }, undefined],
  ])('with %j: %s', (parameters, fault) => {
    expect(faultIn(ctaUrl(parameters))).toBe(fault)
  })

  it('has the action of that name', () => {
    expect(faultIn(ctaUrl({}, { action: { name: 'open', parameters: {} } }))).toBe(invalid('action.name'))
    expect(faultIn(ctaUrl({}, { action: { name: 'cta_url' } }))).toBe(missing('action.parameters'))
  })

  it.each([
    [{ type: 'text', text: text(500) }, undefined],
    [{ type: 'text', text: '' }, invalid('header.text')],
    [{ type: 'text' }, missing('header.text')],
    [{ type: 'image' }, missing('header.image')],
    [{ type: 'image', image: { link: 'https://[::1]/' } }, invalid('header.image.link')],
    [{ type: 'text', text: 'x', image: { link: 'https://[::1]/' } }, invalid('header.image.link')],
    [{ type: 'gif', gif: { link } }, undefined],
    [{}, missing('header.type')],
  ])('with the header %j: %s', (header, fault) => {
    expect(faultIn(ctaUrl({}, { header }))).toBe(fault)
  })
})

describe('a list', () => {
  const section = (more: object = {}) => list([{ rows: rows(1), ...more }])
  const row = (more: object) => section({ rows: [{ id: 'a', title: 'A', ...more }] })

  it.each([
    [list([]), invalid('action.sections')],
    [list(null), invalid('action.sections')],
    [list(rows(10).map((only) => ({ rows: [only] }))), undefined],
    [list(rows(11).map((only) => ({ rows: [only] }))), invalid('action.sections')],
    [section({ rows: undefined }), missing('action.sections.0.rows')],
    [section({ rows: [] }), invalid('action.sections.0.rows')],
    [section({ rows: rows(10) }), undefined],
    [section({ rows: rows(11) }), invalid('action.sections.0.rows')],
    [section({ title: text(24) }), undefined],
    [section({ title: text(25) }), invalid('action.sections.0.title')],
    [row({ id: text(200) }), undefined],
    [row({ id: text(201) }), invalid('action.sections.0.rows.0.id')],
    [row({ id: '' }), invalid('action.sections.0.rows.0.id')],
    [row({ id: undefined }), missing('action.sections.0.rows.0.id')],
    [row({ title: text(24) }), undefined],
    [row({ title: text(25) }), invalid('action.sections.0.rows.0.title')],
    [row({ title: '' }), invalid('action.sections.0.rows.0.title')],
    [row({ description: text(72) }), undefined],
    [row({ description: text(73) }), invalid('action.sections.0.rows.0.description')],
  ])('case %#: %s', (body, fault) => {
    expect(faultIn(body)).toBe(fault)
  })

  it('holds at most 10 rows over all sections', () => {
    expect(faultIn(list([{ rows: rows(5) }, { rows: rows(5, 5) }]))).toBeUndefined()
    expect(outcome(list([{ rows: rows(5) }, { rows: rows(6, 5) }]))).toEqual({
      code: 'invalid_field_value',
      param: 'interactive.action.sections',
      message: '`interactive.action.sections` must hold at most 10 rows over all sections; it has 11.',
    })
  })

  it('names the very row that is at fault', () => {
    const third = [...rows(2), { id: 'c', title: text(25) }, ...rows(1, 5)]
    expect(faultIn(list([{ rows: third }]))).toBe(invalid('action.sections.0.rows.2.title'))
  })

  it.each([
    [text(20), undefined],
    [text(21), invalid('action.button')],
    ['', invalid('action.button')],
    [undefined, missing('action.button')],
  ])('opened by the button %s: %s', (label, fault) => {
    expect(faultIn(list([], { action: { button: label, sections: [{ rows: rows(1) }] } }))).toBe(fault)
  })

  it.each([
    [{ type: 'text', text: text(60) }, undefined],
    [{ type: 'text', text: text(61) }, invalid('header.text')],
    [{ type: 'text', text: '' }, invalid('header.text')],
    [{ type: 'text' }, missing('header.text')],
    [{ type: 'image', image: { link } }, invalid('header.type')],
  ])('with the header %j: %s', (header, fault) => {
    expect(faultIn(list([{ rows: rows(1) }], { header }))).toBe(fault)
  })
})

describe('reply buttons', () => {
  it('are forwarded under the name that the upstream takes', () => {
    const named = (type: string) =>
      send('interactive', { type, body: { text: 'x' }, action: { buttons: [button('a')] } })
    for (const given of ['reply_buttons', 'button']) {
      expect(outcome(named(given), { replyButtonsAs: 'reply_buttons' })).toEqual(named('reply_buttons'))
      expect(outcome(named(given), { replyButtonsAs: 'button' })).toEqual(named('button'))
    }
  })

  it.each([
    [[button('a'), button('b'), button('c')], undefined],
    [[], invalid('action.buttons')],
    [['a', 'b', 'c', 'd'].map((id) => button(id)), invalid('action.buttons')],
    [undefined, missing('action.buttons')],
    [[{ ...button('a'), type: 'url' }], invalid('action.buttons.0.type')],
    [[{ type: 'reply' }], missing('action.buttons.0.reply')],
    [[button(text(256), 'A')], undefined],
    [[button(text(257), 'A')], invalid('action.buttons.0.reply.id')],
    [[button('', 'A')], invalid('action.buttons.0.reply.id')],
    [[button('a', text(20))], undefined],
    [[button('a', text(21))], invalid('action.buttons.0.reply.title')],
    [[button('a', '')], invalid('action.buttons.0.reply.title')],
    [[button('a'), button('b'), button('a', 'C')], invalid('action.buttons.2.reply.id')],
    [[button('a', 'A'), button('b', 'A')], invalid('action.buttons.1.reply.title')],
    [[button('a', 'b'), button('b', 'a')], undefined],
  ])('case %#: %s', (buttons, fault) => {
    expect(faultIn(replyButtons(buttons), settings)).toBe(fault)
  })

  it.each([
    [{ type: 'text', text: text(60) }, undefined],
    [{ type: 'text', text: text(61) }, invalid('header.text')],
    [{ type: 'image', image: { link } }, undefined],
    [{ type: 'video', video: { link } }, undefined],
    [{ type: 'document', document: { id: '1' } }, undefined],
    [{ type: 'image' }, missing('header.image')],
    [{ type: 'image', image: {} }, missing('header.image.link')],
    [{ type: 'image', image: { link: 'https://printer.local/' } }, invalid('header.image.link')],
    [{ type: 'gif' }, invalid('header.type')],
    [{}, missing('header.type')],
  ])('with the header %j: %s', (header, fault) => {
    expect(faultIn(replyButtons([button('a')], { header }))).toBe(fault)
  })

  it('have `url` renamed to `link` in the header', () => {
    const header = (image: object) => replyButtons([button('a')], { header: { type: 'image', image } })
    expect(outcome(header({ url: link }))).toEqual(header({ link }))
  })
})

describe('a carousel', () => {
  it.each([
    [1, invalid('action.cards')],
    [2, undefined],
    [10, undefined],
    [11, invalid('action.cards')],
  ])('of %i cards: %s', (count, fault) => {
    expect(faultIn(carousel(cards(count)))).toBe(fault)
  })

  it('has the media of its cards held to the media rules', () => {
    const second = (image: object) => carousel([...cards(1), { header: { type: 'image', image } }])
    expect(outcome(second({ url: link }))).toEqual(second({ link }))
    expect(faultIn(second({ link: 'http://files.example.org/' }))).toBe(
      invalid('action.cards.1.header.image.link'),
    )
    expect(faultIn(second({}))).toBe(missing('action.cards.1.header.image.link'))
  })

  it('may not carry a private link in a header of its own', () => {
    const header = { type: 'image', image: { link: 'https://10.0.0.1/' } }
    const action = { cards: cards(2) }
    expect(faultIn(interactive({ type: 'carousel', header, action }))).toBe(invalid('header.image.link'))
  })

  it('has the rest of its cards forwarded', () => {
    const body = carousel([
      { body: { text: text(500) } },
      { action: { buttons: [] }, header: { type: 'any' } },
    ])
    expect(outcome(body)).toEqual(body)
    expect(faultIn(carousel([{}, 5]))).toBe(invalid('action.cards.1'))
  })
})
