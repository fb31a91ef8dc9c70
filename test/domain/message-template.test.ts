import { describe, expect, it } from 'vitest'
import { faultIn, link, outcome, send, template } from './message-samples.ts'

const content = (more: object) => send('template', { name: 'delivery_update', language: 'en_US', ...more })

const header = (parameter: object) => template([{ type: 'header', parameters: [parameter] }])

describe('a template', () => {
  it.each([['en_US'], [{ code: 'en_US' }], [{ code: 'en_US', policy: 'deterministic', x_more: 1 }]])(
    'has the language %j brought to a string',
    (language) => {
      expect(outcome(content({ language }))).toEqual(content({ language: 'en_US' }))
    },
  )

  it.each([
    [{ name: undefined }, 'missing_required_field template.name'],
    [{ name: '' }, 'invalid_field_value template.name'],
    [{ language: undefined }, 'missing_required_field template.language'],
    [{ language: null }, 'invalid_field_value template.language'],
    [{ language: '' }, 'invalid_field_value template.language'],
    [{ language: ['en_US'] }, 'invalid_field_value template.language'],
    [{ language: {} }, 'missing_required_field template.language.code'],
    [{ language: { code: '' } }, 'invalid_field_value template.language.code'],
    [{ language: { code: null } }, 'invalid_field_value template.language.code'],
    [{ components: null }, 'invalid_field_value template.components'],
    [{ components: {} }, 'invalid_field_value template.components'],
    [{ components: [5] }, 'invalid_field_value template.components.0'],
    [{ components: [{}] }, 'missing_required_field template.components.0.type'],
    [{ components: [{ type: '' }] }, 'invalid_field_value template.components.0.type'],
    [{ name: 'Any Name, since only Meta knows' }, undefined],
    [{ components: [] }, undefined],
  ])('with %j: %s', (more, fault) => {
    expect(faultIn(content(more))).toBe(fault)
  })

  it.each(['header', 'body', 'button'])('needs parameters in a %s component', (type) => {
    const at = 'template.components.0.parameters'
    expect(faultIn(template([{ type }]))).toBe(`missing_required_field ${at}`)
    expect(faultIn(template([{ type, parameters: null }]))).toBe(`invalid_field_value ${at}`)
    expect(faultIn(template([{ type, parameters: [{}] }]))).toBe(`missing_required_field ${at}.0.type`)
    expect(faultIn(template([{ type, parameters: [] }]))).toBeUndefined()
  })

  it('forwards components and parameters that are Meta’s affair', () => {
    const body = template([
      {
        type: 'limited_time_offer',
        parameters: [{ type: 'limited_time_offer', limited_time_offer: { a: 1 } }],
      },
      { type: 'body', parameters: [{ type: 'currency', currency: { code: 'IDR', amount_1000: 5 } }] },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '' }] },
      { type: 'HEADER' },
      { type: 'carousel', cards: [{ card_index: 0, components: [{ type: 'body' }] }] },
    ])
    expect(outcome(body)).toEqual(body)
  })

  it.each(['image', 'video', 'document'])('holds a %s parameter to the media rules', (type) => {
    const at = `template.components.0.parameters.0.${type}`
    expect(faultIn(header({ type }))).toBe(`missing_required_field ${at}`)
    expect(faultIn(header({ type, [type]: {} }))).toBe(`missing_required_field ${at}.link`)
    expect(faultIn(header({ type, [type]: { link: 'https://10.0.0.1/' } }))).toBe(
      `invalid_field_value ${at}.link`,
    )
    expect(faultIn(header({ type, [type]: { link, id: '1' } }))).toBe(`invalid_field_value ${at}.link`)
    expect(outcome(header({ type, [type]: { url: link } }))).toEqual(header({ type, [type]: { link } }))
  })

  it('holds the media in the cards of a carousel to the same rules', () => {
    const carousel = (image: object) =>
      template([
        {
          type: 'carousel',
          cards: [{ components: [{ type: 'header', parameters: [{ type: 'image', image }] }] }],
        },
      ])
    expect(outcome(carousel({ url: link }))).toEqual(carousel({ link }))
    expect(faultIn(carousel({ link: 'https://db.internal/' }))).toBe(
      'invalid_field_value template.components.0.cards.0.components.0.parameters.0.image.link',
    )
  })
})
