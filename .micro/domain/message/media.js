import * as z from 'zod';
import { linkFault } from '../public-link.js';
import { characters, nonEmpty } from './field.js';
const link = z.string().refine((text) => linkFault(text) === undefined, {
    abort: true,
    error: ({ input }) => linkFault(String(input)),
});
/** A file by public link or by Meta's media id; `url` is the older name of `link` (upstream contract §3.2). */
const source = { link: link.optional(), url: link.optional(), id: nonEmpty.optional() };
/** Completes an object with the fields of `source`: one of them is given, and `url` is named `link`. */
function fromOneSource(media) {
    return media.superRefine(exactlyOne).transform(nameItLink);
}
function exactlyOne({ link, url, id }, ctx) {
    const refuse = (field, message) => ctx.addIssue({ code: 'custom', path: [field], message, continue: false });
    if (link !== undefined && url !== undefined)
        refuse('url', 'cannot be given together with `link`.');
    else if (link !== undefined && id !== undefined)
        refuse('link', 'cannot be given together with `id`.');
    else if (url !== undefined && id !== undefined)
        refuse('url', 'cannot be given together with `id`.');
    else if ((link ?? url ?? id) === undefined)
        refuse('link', 'is required, or `id` in its place.');
}
function nameItLink(media) {
    const { url, ...rest } = media;
    return url === undefined ? media : { ...rest, link: url };
}
const caption = characters(0, 1024).optional();
const filename = z.string().optional();
const noCaption = z.never({ error: 'is not allowed: audio has no caption.' }).optional();
/** The content of the four media messages (upstream contract §3.2 to §3.5). */
export const image = fromOneSource(z.looseObject({ ...source, caption }));
export const video = fromOneSource(z.looseObject({ ...source, caption }));
export const document = fromOneSource(z.looseObject({ ...source, caption, filename }));
export const audio = fromOneSource(z.looseObject({ ...source, caption: noCaption }));
/** Media inside headers and template parameters: all that is asked is where the file comes from. */
const embedded = fromOneSource(z.looseObject(source)).optional();
export const embeddedMedia = { image: embedded, video: embedded, document: embedded };
export const embeddedMediaTypes = ['image', 'video', 'document'];
