import * as z from 'zod';
import { sendBody } from './envelope.js';
import { characters } from './field.js';
import { interactiveContents, interactiveTypes, noInteractiveType, } from './interactive.js';
import { audio, document, image, video } from './media.js';
import { template } from './template.js';
export const messageTypes = [
    'text',
    'image',
    'document',
    'video',
    'audio',
    'template',
    'interactive',
];
const text = z.looseObject({ body: characters(1, 4096), preview_url: z.boolean().optional() });
const built = new Map();
/** The schemas under `settings`, built once for each of the few settings that a gateway has. */
export function sendSchemas(settings) {
    const key = `${settings.replyButtonsAs} ${settings.defaultCountry ?? ''}`;
    const known = built.get(key);
    if (known !== undefined)
        return known;
    const schemas = build(settings);
    built.set(key, schemas);
    return schemas;
}
function build({ defaultCountry, replyButtonsAs }) {
    const send = (type, content) => sendBody(defaultCountry, { type: z.literal(type), [type]: content });
    const contents = { text, image, document, video, audio, template };
    const byType = new Map();
    for (const type of messageTypes)
        if (type !== 'interactive')
            byType.set(type, send(type, contents[type]));
    const byInteractiveType = new Map();
    const interactive = interactiveContents(replyButtonsAs);
    for (const type of interactiveTypes)
        byInteractiveType.set(type, send('interactive', interactive[type]));
    return {
        byType,
        byInteractiveType,
        noType: sendBody(defaultCountry, { type: z.enum(messageTypes) }),
        noInteractiveType: send('interactive', noInteractiveType),
    };
}
