/**
 * The kinds of fields that messages are made of. The text of a rule reads on after the field's name
 * (see `fault.ts`). Rules abort, so that checking ends at the first fault.
 */
import * as z from 'zod';
import { hostOf } from '../public-link.js';
/** A string of `min` to `max` characters, counted as Unicode code points. */
export function characters(min, max) {
    const allowed = min === 0 ? `at most ${max}` : `${min} to ${max}`;
    return z
        .string()
        .refine((text) => text.length >= min && (text.length <= max || codePoints(text) <= max), {
        abort: true,
        error: ({ input }) => `must be ${allowed} characters; it has ${codePoints(String(input))}.`,
    })
        .meta({ minLength: min, maxLength: max });
}
/** Surrogate pairs count once, lone surrogates once each. */
function codePoints(text) {
    let count = 0;
    for (const _ of text)
        count += 1;
    return count;
}
export const nonEmpty = z
    .string()
    .refine((text) => text !== '', { abort: true, error: 'must not be empty.' })
    .meta({ minLength: 1 });
/** A list of `min` to `max` entries. */
export function listOf(entry, min, max) {
    return z
        .array(entry)
        .refine((list) => list.length >= min && list.length <= max, {
        abort: true,
        error: ({ input }) => `must hold ${min} to ${max} entries; it has ${input.length}.`,
    })
        .meta({ minItems: min, maxItems: max });
}
/** WhatsApp's own id of a message from the customer (upstream contract §3.0, §3.8), not the vendor's. */
export const wamid = nonEmpty.refine((id) => !id.startsWith('msg_'), {
    abort: true,
    error: 'must be a WhatsApp message id (wamid.…), not a msg_… id.',
});
/** An absolute https URL; unlike a media link it is opened by the recipient, so its host is not judged. */
export const httpsUrl = z
    .string()
    .refine((text) => /^https:\/\/[^/]/i.test(text) && hostOf(text) !== undefined, {
    abort: true,
    error: 'must be an absolute https URL.',
});
/**
 * For objects whose `type` names the field that holds their content: that field must be there. Only
 * `types` are held to it.
 */
export function contentNamedByType(types) {
    return (value, ctx) => {
        const { type } = value;
        if (!types.includes(type) || value[type] !== undefined)
            return;
        ctx.addIssue({ code: 'custom', path: [type], message: 'is required.', continue: false });
    };
}
