import { type MessageBody, type MessageSettings, parseMessage } from '../../src/domain/message.ts'

/** Bodies that are accepted, and short ways to ask what becomes of others. */

export const settings: MessageSettings = { replyButtonsAs: 'reply_buttons' }

export const link = 'https://files.example.org/p/42.png'

/** A send body of `type` with `content` under the key of that name, already normalised otherwise. */
export const send = (type: string, content: unknown, more: MessageBody = {}): MessageBody => ({
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  to: '+14155550123',
  type,
  [type]: content,
  ...more,
})

export const interactive = (content: MessageBody): MessageBody =>
  send('interactive', { body: { text: 'Choose' }, ...content })

export const ctaUrl = (parameters: MessageBody = {}, more: MessageBody = {}): MessageBody =>
  interactive({
    type: 'cta_url',
    action: {
      name: 'cta_url',
      parameters: { display_text: 'Open', url: 'https://pay.example.org/i/9', ...parameters },
    },
    ...more,
  })

export const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ id: `row-${from + index}`, title: 'Row' }))

export const list = (sections: unknown, more: MessageBody = {}): MessageBody =>
  interactive({ type: 'list', action: { button: 'Slots', sections }, ...more })

export const button = (id: string, title = `Title ${id}`) => ({ type: 'reply', reply: { id, title } })

export const replyButtons = (buttons: unknown, more: MessageBody = {}): MessageBody =>
  interactive({ type: 'reply_buttons', action: { buttons }, ...more })

export const cards = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    card_index: index,
    type: 'cta_url',
    header: { type: 'image', image: { link } },
  }))

export const carousel = (cardList: unknown): MessageBody =>
  interactive({ type: 'carousel', action: { cards: cardList } })

export const template = (components: unknown): MessageBody =>
  send('template', { name: 'delivery_update', language: 'en_US', components })

export const receipt = (more: MessageBody = {}): MessageBody => ({
  messaging_product: 'whatsapp',
  status: 'read',
  message_id: 'wamid.HBgLMTQxNTU1NTAxMjMVAgASGBQz',
  ...more,
})

/** One accepted and normalised body of every variant. */
export const samples: Readonly<Record<string, MessageBody>> = {
  text: send('text', { body: 'Your table is booked for 19:00.', preview_url: false }),
  image: send('image', { link, caption: 'Seat map' }),
  document: send('document', { id: '1873400112233445', filename: 'receipt.pdf', caption: 'Receipt' }),
  video: send('video', { link: 'https://files.example.org/v/tour.mp4' }),
  audio: send('audio', { id: '1873400112233445', voice: true }),
  template: template([
    { type: 'header', parameters: [{ type: 'image', image: { link } }] },
    { type: 'body', parameters: [{ type: 'text', text: 'Mira' }] },
    { type: 'button', sub_type: 'quick_reply', index: 0, parameters: [{ type: 'payload', payload: 'ok' }] },
  ]),
  'reply buttons': replyButtons([button('keep'), button('drop')], {
    header: { type: 'image', image: { link } },
  }),
  'call to action': ctaUrl({}, { footer: { text: 'Accounts desk' } }),
  list: list([{ title: 'Monday', rows: rows(3) }]),
  carousel: carousel(cards(2)),
  'read receipt': receipt({ typing_indicator: { type: 'text' } }),
}

/** The normalised body, or the fault that stands in its way. */
export function outcome(body: MessageBody, under: MessageSettings = settings) {
  const parsed = parseMessage(body, under)
  return parsed.ok ? parsed.message.body : parsed.fault
}

/** `code param` of the fault; undefined: the body is accepted. */
export function faultIn(body: MessageBody, under: MessageSettings = settings): string | undefined {
  const parsed = parseMessage(body, under)
  return parsed.ok ? undefined : `${parsed.fault.code} ${parsed.fault.param}`
}
