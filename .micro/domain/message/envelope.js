import * as z from 'zod';
import { toE164 } from '../phone.js';
import { wamid } from './field.js';
const product = z.literal('whatsapp');
const recipientType = z.literal('individual').default('individual');
/** The recipient in E.164; national numbers are read in `defaultCountry`. */
function recipient(defaultCountry) {
    return z.string().transform((text, ctx) => {
        const number = toE164(text, defaultCountry);
        if (number !== undefined)
            return number;
        ctx.addIssue({
            code: 'custom',
            params: { code: 'invalid_phone_number' },
            message: 'cannot be brought to E.164. Write it with its + and country code, for example +14155550123.',
        });
        return z.NEVER;
    });
}
/** A reply quotes an inbound message by its wamid (upstream contract §3.0). */
const context = z.looseObject({ message_id: wamid.optional() }).optional();
/** A send body: `variant` (type and content) stands where it is documented among the common fields (§3.0). */
export function sendBody(defaultCountry, variant) {
    return z.looseObject({
        messaging_product: product,
        recipient_type: recipientType,
        to: recipient(defaultCountry),
        ...variant,
        context,
    });
}
/** Told from a send body by `status`; whatever else it holds is forwarded (upstream contract §3.8). */
export const receiptBody = z.looseObject({
    messaging_product: product.default('whatsapp'),
    status: z.literal('read'),
    message_id: wamid,
    typing_indicator: z.looseObject({ type: z.literal('text') }).optional(),
});
