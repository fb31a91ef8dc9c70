import * as z from 'zod';
import { contentNamedByType, nonEmpty } from './field.js';
import { embeddedMedia, embeddedMediaTypes } from './media.js';
/**
 * `"en_US"`, or `{ "code": "en_US" }` which becomes the string; its `policy` is deprecated at Meta and
 * dropped (upstream contract §3.6).
 */
const language = z.unknown().transform((value, ctx) => {
    const inObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const code = inObject ? Reflect.get(value, 'code') : value;
    if (typeof code === 'string' && code !== '')
        return code;
    const rule = code === undefined ? 'is required:' : 'must be';
    const path = inObject ? ['code'] : [];
    ctx.addIssue({ code: 'custom', path, message: `${rule} a language code such as "en_US".` });
    return z.NEVER;
});
const parameter = z
    .looseObject({ type: nonEmpty, ...embeddedMedia })
    .superRefine(contentNamedByType(embeddedMediaTypes));
const parameters = z.array(parameter).optional();
/** The component types of the vendor's own pages; each needs its parameters. Other types are Meta's affair. */
const withParameters = ['header', 'body', 'button'];
const requireParameters = (component, ctx) => {
    if (component.parameters !== undefined || !withParameters.includes(component.type))
        return;
    ctx.addIssue({ code: 'custom', path: ['parameters'], message: 'is required.', continue: false });
};
/** The cards of a carousel template are looked into only for their media links. */
const card = z.looseObject({ components: z.array(z.looseObject({ parameters })).optional() });
const component = z
    .looseObject({ type: nonEmpty, parameters, cards: z.array(card).optional() })
    .superRefine(requireParameters);
/** The content of a template message. Meta knows the approved template, so values are left to it. */
export const template = z.looseObject({
    name: nonEmpty,
    language,
    components: z.array(component).optional(),
});
