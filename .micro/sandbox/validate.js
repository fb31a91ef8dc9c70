/**
 * What the API accepts as a body, from upstream contract §3 alone: limits of the seed page and of the vendor.
 * Deliberately not shared with the gateway, so that a mistake there is not repeated here.
 * Unknown properties are let through; lengths are UTF-16 code units (no source says which unit is meant).
 */
import * as z from 'zod';
import { interactive } from './interactive.js';
import { media } from './media.js';
const caption = z.string().max(1024).optional();
const common = {
    messaging_product: z.literal('whatsapp'),
    recipient_type: z.literal('individual').optional(),
    to: z.string().regex(/^\+[1-9]\d{6,14}$/, 'The number must be in E.164 form with a leading +.'),
    context: z.looseObject({ message_id: z.string().startsWith('wamid.') }).optional(),
};
const send = z.discriminatedUnion('type', [
    z.looseObject({
        ...common,
        type: z.literal('text'),
        text: z.looseObject({ body: z.string().min(1).max(4096), preview_url: z.boolean().optional() }),
    }),
    z.looseObject({ ...common, type: z.literal('image'), image: media({ caption }) }),
    z.looseObject({
        ...common,
        type: z.literal('document'),
        document: media({ caption, filename: z.string().optional() }),
    }),
    z.looseObject({ ...common, type: z.literal('video'), video: media({ caption }) }),
    z.looseObject({
        ...common,
        type: z.literal('audio'),
        audio: media({ caption: z.never('Audio has no caption.').optional() }),
    }),
    z.looseObject({
        ...common,
        type: z.literal('template'),
        template: z.looseObject({
            name: z.string().min(1),
            language: z.union([z.string().min(1), z.looseObject({ code: z.string().min(1) })]),
            components: z.array(z.looseObject({ type: z.string() })).optional(),
        }),
    }),
    z.looseObject({ ...common, type: z.literal('interactive'), interactive }),
]);
const receipt = z.looseObject({
    messaging_product: z.literal('whatsapp'),
    status: z.literal('read'),
    message_id: z.string().startsWith('wamid.', 'The id of an inbound message is required.'),
    typing_indicator: z.looseObject({ type: z.literal('text') }).optional(),
});
/** Tells sends and read receipts apart (the presence of `status` decides) and checks the body. */
export function validate(content) {
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
        return { kind: 'refused', refusal: { code: 'invalid_request', message: 'The body must be an object.' } };
    }
    if ('status' in content) {
        const { data, error } = receipt.safeParse(content);
        return data ? { kind: 'receipt', body: data } : { kind: 'refused', refusal: explain(error, content) };
    }
    const { data, error } = send.safeParse(content);
    return data ? { kind: 'send', body: data } : { kind: 'refused', refusal: explain(error, content) };
}
/** The refusal for the first issue: missing, badly formed number, or otherwise unacceptable. */
function explain(error, content) {
    const { path = [], message = 'Not acceptable.' } = error.issues[0] ?? {};
    const param = path.join('.');
    const value = path.reduce((inner, key) => inner?.[key], content);
    if (value === undefined)
        return { code: 'missing_required_field', message: `${param} is required.`, param };
    if (param === 'to')
        return { code: 'invalid_phone_number', message, param };
    return { code: 'invalid_field_value', message: `${param}: ${message}`, param };
}
