/** The content of interactive messages, one schema per `interactive.type` (upstream contract §3.7). */
import * as z from 'zod';
import { characters, contentNamedByType, httpsUrl, listOf, nonEmpty } from './field.js';
import { embeddedMedia, embeddedMediaTypes } from './media.js';
/** `reply_buttons` is the vendor's name for what Meta calls `button`; both are taken. */
export const interactiveTypes = ['reply_buttons', 'button', 'cta_url', 'list', 'carousel'];
const body = z.looseObject({ text: characters(1, 1024) });
const footer = z.looseObject({ text: characters(1, 60) }).optional();
const headerTypes = ['text', ...embeddedMediaTypes];
const headerContent = contentNamedByType(headerTypes);
/** Kinds that the documents do not name are forwarded, but media links are judged wherever they stand. */
const anyHeader = z
    .looseObject({ type: nonEmpty, text: nonEmpty.optional(), ...embeddedMedia })
    .superRefine(headerContent);
const replyHeader = z
    .looseObject({ type: z.enum(headerTypes), text: characters(1, 60).optional(), ...embeddedMedia })
    .superRefine(headerContent);
const listHeader = z.looseObject({ type: z.literal('text'), text: characters(1, 60) });
const ctaUrl = z.looseObject({
    type: z.literal('cta_url'),
    header: anyHeader.optional(),
    body,
    footer,
    action: z.looseObject({
        name: z.literal('cta_url'),
        parameters: z.looseObject({ display_text: characters(1, 20), url: httpsUrl }),
    }),
});
const row = z.looseObject({
    id: characters(1, 200),
    title: characters(1, 24),
    description: characters(0, 72).optional(),
});
const MAX_ROWS = 10;
const section = z.looseObject({ title: characters(0, 24).optional(), rows: listOf(row, 1, MAX_ROWS) });
const countRows = (sections) => sections.reduce((count, { rows }) => count + rows.length, 0);
const sections = listOf(section, 1, 10).refine((list) => countRows(list) <= MAX_ROWS, {
    abort: true,
    error: ({ input }) => `must hold at most ${MAX_ROWS} rows over all sections; it has ${countRows(input)}.`,
});
const list = z.looseObject({
    type: z.literal('list'),
    header: listHeader.optional(),
    body,
    footer,
    action: z.looseObject({ button: characters(1, 20), sections }),
});
const replyButton = z.looseObject({
    type: z.literal('reply'),
    reply: z.looseObject({ id: characters(1, 256), title: characters(1, 20) }),
});
function refuseRepeated(buttons, ctx) {
    for (const field of ['id', 'title']) {
        const seen = new Set();
        for (const [index, { reply }] of buttons.entries()) {
            if (seen.has(reply[field])) {
                const message = `must differ from the ${field} of every other button.`;
                ctx.addIssue({ code: 'custom', path: [index, 'reply', field], message, continue: false });
                return;
            }
            seen.add(reply[field]);
        }
    }
}
const replyButtons = (forwardedAs) => z.looseObject({
    type: z.enum(['reply_buttons', 'button']).transform(() => forwardedAs),
    header: replyHeader.optional(),
    body,
    footer,
    action: z.looseObject({ buttons: listOf(replyButton, 1, 3).superRefine(refuseRepeated) }),
});
/** The shape of cards is known from third parties only; just their media links are judged. */
const card = z.looseObject({ header: z.looseObject(embeddedMedia).optional() });
const carousel = z.looseObject({
    type: z.literal('carousel'),
    header: z.looseObject(embeddedMedia).optional(),
    body,
    action: z.looseObject({ cards: listOf(card, 2, 10) }),
});
/** The schema of every interactive type; reply buttons are forwarded under the name the upstream takes. */
export function interactiveContents(replyButtonsAs) {
    const buttons = replyButtons(replyButtonsAs);
    return { reply_buttons: buttons, button: buttons, cta_url: ctaUrl, list, carousel };
}
/** For content whose type is missing or unknown: always faulty, and says why. */
export const noInteractiveType = z.looseObject({ type: z.enum(interactiveTypes) });
