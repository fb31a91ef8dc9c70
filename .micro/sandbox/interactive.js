/** Bodies of `type: "interactive"`: the four subtypes that Kirim documents (upstream contract §3.7). */
import * as z from 'zod';
import { httpsUrl, media } from './media.js';
const text = (max) => z.string().min(1).max(max);
const body = z.looseObject({ text: text(1024) });
const footer = z.looseObject({ text: text(60) }).optional();
const textHeader = z.looseObject({ type: z.literal('text'), text: text(60) });
const anyHeader = z.discriminatedUnion('type', [
    textHeader,
    z.looseObject({ type: z.literal('image'), image: media() }),
    z.looseObject({ type: z.literal('video'), video: media() }),
    z.looseObject({ type: z.literal('document'), document: media() }),
]);
const link = z.looseObject({
    name: z.literal('cta_url'),
    parameters: z.looseObject({ display_text: text(20), url: httpsUrl }),
});
const ctaUrl = z.looseObject({
    type: z.literal('cta_url'),
    header: anyHeader.optional(),
    body,
    footer,
    action: link,
});
const row = z.looseObject({ id: text(200), title: text(24), description: z.string().max(72).optional() });
const section = z.looseObject({ title: z.string().max(24).optional(), rows: z.array(row).min(1) });
const list = z.looseObject({
    type: z.literal('list'),
    header: textHeader.optional(),
    body,
    footer,
    action: z.looseObject({
        button: text(20),
        sections: z
            .array(section)
            .min(1)
            .max(10)
            .refine((sections) => sections.flatMap(({ rows }) => rows).length <= 10, 'At most 10 rows in all.'),
    }),
});
const button = z.looseObject({
    type: z.literal('reply'),
    reply: z.looseObject({ id: text(256), title: text(20) }),
});
const allDiffer = (texts) => new Set(texts).size === texts.length;
const replyButtons = z.looseObject({
    type: z.literal('reply_buttons'),
    header: anyHeader.optional(),
    body,
    footer,
    action: z.looseObject({
        buttons: z
            .array(button)
            .min(1)
            .max(3)
            .refine((buttons) => allDiffer(buttons.map(({ reply }) => reply.id)), 'Button ids must differ.')
            .refine((buttons) => allDiffer(buttons.map(({ reply }) => reply.title)), 'Button titles must differ.'),
    }),
});
/** Cards reach Meta as they are: their inner shape is documented by no source that binds the API. */
const carousel = z.looseObject({
    type: z.literal('carousel'),
    header: z.never('A carousel has no header of its own.').optional(),
    body,
    footer: z.never('A carousel has no footer of its own.').optional(),
    action: z.looseObject({ cards: z.array(z.looseObject({})).min(2).max(10) }),
});
/** Meta's own `button` is refused, as a user of the real API reports. */
export const interactive = z.discriminatedUnion('type', [ctaUrl, list, replyButtons, carousel]);
