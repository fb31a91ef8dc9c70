/**
 * What may be posted to `/v1/{phone_number_id}/messages`, and what is made of it before it goes upstream
 * (upstream contract §3; interface §6 "Normalising"). Pure: from a parsed JSON object to a message or a fault.
 */
import { receiptBody } from './message/envelope.js';
import { faultOf } from './message/fault.js';
import { parseToFirstFault } from './message/first-fault.js';
import { sendSchemas } from './message/schemas.js';
export { faultOf };
/** A body with `status` is a read receipt, whatever else it holds. */
export const kindOf = (body) => (Object.hasOwn(body, 'status') ? 'receipt' : 'send');
/** The one schema that `body` is held to. It is chosen by what the body says it is, never by trial. */
export function schemaFor(body, settings) {
    if (kindOf(body) === 'receipt')
        return receiptBody;
    const schemas = sendSchemas(settings);
    const { type, interactive } = body;
    if (type !== 'interactive')
        return schemas.byType.get(type) ?? schemas.noType;
    return schemas.byInteractiveType.get(typeOf(interactive)) ?? schemas.noInteractiveType;
}
const typeOf = (content) => typeof content === 'object' && content !== null && 'type' in content ? content.type : undefined;
/** Checks and normalises `body` by its schema; the answer is zod's own, as zod-validator wants it. */
export function checkMessage(body, settings) {
    return parseToFirstFault(schemaFor(body, settings), body);
}
/** Checks and normalises a JSON object that has passed `checkJson`. Parsing what was parsed changes nothing. */
export function parseMessage(body, settings) {
    const checked = checkMessage(body, settings);
    if (!checked.success)
        return { ok: false, fault: faultOf(checked.error, body) };
    return { ok: true, message: { kind: kindOf(body), body: checked.data } };
}
