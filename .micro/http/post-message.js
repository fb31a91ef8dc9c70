import { render } from '../domain/answer.js';
import { isFailure } from '../domain/errors.js';
import { send } from '../pipeline/send.js';
import { authenticate, authorize } from './authenticate.js';
import { checkMediaType, readIdempotencyKey, readMessage } from './validate.js';
/**
 * `POST /v1/{phone_number_id}/messages` from its bytes to its reply, in the order of interface §6: size,
 * authenticate, scope and number, content type, key, parse, validate and normalise, then the pipeline.
 */
export async function postMessage(ports, inbound) {
    const { requestId, phoneNumberId } = inbound;
    const refuse = (fault, known) => ({
        reply: { answer: render(fault, requestId) },
        ...known,
    });
    const bytes = await inbound.body();
    if (isFailure(bytes))
        return refuse(bytes);
    const credential = await authenticate(ports, inbound.header('authorization'));
    if (isFailure(credential))
        return refuse(credential);
    const mayNot = authorize(credential, 'messages:send', phoneNumberId);
    if (mayNot !== undefined)
        return refuse(mayNot, { credential });
    const known = { credential, phoneNumberId };
    const unread = checkMediaType(inbound.header('content-type'), inbound.header('content-encoding'));
    if (unread !== undefined)
        return refuse(unread, known);
    const keyHeader = inbound.header('idempotency-key');
    const clientKey = keyHeader === undefined ? undefined : readIdempotencyKey(keyHeader);
    if (isFailure(clientKey))
        return refuse(clientKey, known);
    const message = readMessage(bytes, {
        defaultCountry: credential.tenant.defaultCountry,
        replyButtonsAs: ports.replyButtonsAs,
    });
    if (isFailure(message))
        return refuse(message, known);
    const submission = { requestId, credential, phoneNumberId, message };
    const reply = await send(ports, clientKey === undefined ? submission : { ...submission, clientKey });
    return { reply, ...known };
}
