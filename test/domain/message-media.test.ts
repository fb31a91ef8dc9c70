import { describe, expect, it } from 'vitest'
import { faultIn, link, outcome, send } from './message-samples.ts'

const types = ['image', 'document', 'video', 'audio'] as const
const captioned = ['image', 'document', 'video'] as const

describe.each(types)('%s', (type) => {
  it('comes by link or by id', () => {
    expect(faultIn(send(type, { link }))).toBeUndefined()
    expect(faultIn(send(type, { id: '1873400112233445' }))).toBeUndefined()
  })

  it('has `url` renamed to `link`, its text untouched', () => {
    const url = 'HTTPS://Files.Example.org:443/a%2Fb/../c?sig=A+b%3D%3d#x'
    expect(outcome(send(type, { url, x_more: 1 }))).toEqual(send(type, { link: url, x_more: 1 }))
    expect(outcome(send(type, { link: url }))).toEqual(send(type, { link: url }))
  })

  it('needs a source', () => {
    expect(outcome(send(type, {}))).toEqual({
      code: 'missing_required_field',
      param: `${type}.link`,
      message: `\`${type}.link\` is required, or \`id\` in its place.`,
    })
  })

  it.each([
    [{ link, id: '1' }, 'link'],
    [{ link, url: link }, 'url'],
    [{ url: link, id: '1' }, 'url'],
    [{ link, url: link, id: '1' }, 'url'],
    [{ link: null, id: '1' }, 'link'],
    [{ link: '' }, 'link'],
    [{ link: 7 }, 'link'],
    [{ link: 'http://files.example.org/p.png' }, 'link'],
    [{ link: 'https://127.1/p.png' }, 'link'],
    [{ url: 'https://2130706433/p.png' }, 'url'],
    [{ id: '' }, 'id'],
    [{ id: 1873400112233445 }, 'id'],
    [{ link, id: null }, 'id'],
  ])('refuses %j', (content, field) => {
    expect(faultIn(send(type, content))).toBe(`invalid_field_value ${type}.${field}`)
  })
})

describe.each(captioned)('the caption of %s', (type) => {
  it('has at most 1024 characters', () => {
    expect(faultIn(send(type, { link, caption: '' }))).toBeUndefined()
    expect(faultIn(send(type, { link, caption: '😀'.repeat(1024) }))).toBeUndefined()
    expect(outcome(send(type, { link, caption: 'a'.repeat(1025) }))).toEqual({
      code: 'invalid_field_value',
      param: `${type}.caption`,
      message: `\`${type}.caption\` must be at most 1024 characters; it has 1025.`,
    })
    expect(faultIn(send(type, { link, caption: null }))).toBe(`invalid_field_value ${type}.caption`)
  })
})

describe('the caption of audio', () => {
  it.each([['Hold music'], [''], [null]])('is refused: %j', (caption) => {
    expect(outcome(send('audio', { link, caption }))).toEqual({
      code: 'invalid_field_value',
      param: 'audio.caption',
      message: '`audio.caption` is not allowed: audio has no caption.',
    })
  })
})

describe('the file name of a document', () => {
  it('is a string of any length', () => {
    expect(faultIn(send('document', { link, filename: 'a'.repeat(500) }))).toBeUndefined()
    expect(faultIn(send('document', { link, filename: 5 }))).toBe('invalid_field_value document.filename')
  })
})
