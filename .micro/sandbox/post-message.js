import { factsOf, phoneNumberOf } from './call.js';
import { enact, whole } from './enact.js';
import { fingerprintOf } from './idempotency.js';
import { magicNumber } from './magic-number.js';
import { notFound, refusal, success } from './reply.js';
import { validate } from './validate.js';
/** `POST /v1/{phone_number_id}/messages`: number → body → magic number → idempotency → fault or processing. */
export async function postMessage(call) {
    const refuse = (why) => whole(refusal(call.requestId, why));
    const phoneNumber = phoneNumberOf(call);
    if (phoneNumber === undefined)
        return whole(notFound(call.requestId));
    const content = parse(call);
    if (content === undefined)
        return refuse({ code: 'invalid_request', message: 'The body must be JSON.' });
    const operation = validate(content);
    if (operation.kind === 'refused')
        return refuse(operation.refusal);
    const impossible = impossibleTarget(operation, call);
    if (impossible !== undefined)
        return refuse(impossible);
    const key = call.header('idempotency-key') || undefined;
    if (key === undefined)
        return processed(call, operation, phoneNumber, key);
    if (key.length > 255)
        return refuse({ code: 'invalid_field_value', message: 'Idempotency-Key is too long.' });
    const fingerprint = fingerprintOf('POST', call.path, content);
    const claim = await call.state.claim(call.organisation.id, key, fingerprint);
    switch (claim.kind) {
        case 'reuse':
            return refuse({ code: 'idempotency_key_reuse', message: 'The key was used for another request.' });
        case 'in_progress':
            return refuse({ code: 'idempotency_in_progress', message: 'The first request is still running.' });
        case 'replay':
            call.state.counters.replay();
            return whole(marked(claim.reply, 'true'));
        case 'run': {
            const { reply, manner, truth } = await processed(call, operation, phoneNumber, key);
            if (truth !== undefined)
                claim.finish(truth);
            // Without an answer to keep, the key stays taken until the exchange is over: a caller that gets no
            // answer at all blocks its own retry, as a hanging process would.
            return {
                reply: 'X-Request-Id' in reply.headers ? marked(reply, 'false') : reply,
                manner,
                ...(truth === undefined && { afterwards: () => claim.finish() }),
            };
        }
    }
}
function processed(call, operation, phoneNumber, key) {
    const { requestId, organisation, state, settings } = call;
    const act = phoneNumber.act ?? recipientAct(call, operation, key);
    return enact(act, factsOf(call), settings.slowMs, () => {
        const { id: phoneNumberId } = phoneNumber;
        if (operation.kind === 'receipt') {
            state.counters.receipt();
            const { message_id } = operation.body;
            return success(requestId, state.messages.markRead(organisation.id, phoneNumberId, message_id));
        }
        state.counters.sent(organisation.id, key);
        const keyed = key === undefined ? {} : { idempotencyKey: key };
        const submission = { organisation: organisation.id, phoneNumberId, body: operation.body, ...keyed };
        const failsWith = act?.kind === 'accept' ? act.failsWith : undefined;
        return success(requestId, state.messages.send(submission, failsWith));
    });
}
/** Recipient of a send, or what follows `wamid.` in a receipt: the text in which magic numbers are looked up. */
function targetOf(operation) {
    return operation.kind === 'send'
        ? operation.body.to
        : `+${operation.body.message_id.slice('wamid.'.length)}`;
}
function recipientAct({ organisation, state }, operation, key) {
    const target = targetOf(operation);
    const magic = magicNumber(target);
    if (magic === undefined || magic === 'unknown')
        return undefined;
    if (magic.firstTries === undefined)
        return magic.act;
    const slot = `${organisation.id} ${key === undefined ? target : `key ${key}`}`;
    return state.stillFires(slot, magic.firstTries) ? magic.act : undefined;
}
/** Refusals by who is written to or which message is read, before any key is bound. */
function impossibleTarget(operation, { state }) {
    if (operation.kind === 'send') {
        if (operation.body.type === 'template' && operation.body.template.name === 'no_such_template') {
            return { code: 'invalid_template_name', message: 'There is no such template.', param: 'template.name' };
        }
        if (magicNumber(operation.body.to) !== 'unknown')
            return undefined;
        return { code: 'invalid_phone_number', message: 'A magic number without a meaning.', param: 'to' };
    }
    const { message_id } = operation.body;
    if (message_id === 'wamid.UNKNOWN' || magicNumber(targetOf(operation)) === 'unknown') {
        return { code: 'resource_not_found', message: 'There is no such message.' };
    }
    if (message_id !== 'wamid.OUTBOUND' && !state.messages.isOutbound(message_id))
        return undefined;
    return { code: 'invalid_field_value', message: 'This is an outbound message.', param: 'message_id' };
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
/** The JSON value of the body; undefined when it is not JSON in UTF-8, or not labelled as JSON. */
function parse({ header, rawBody }) {
    if (!/^application\/json\b/i.test(header('content-type') ?? ''))
        return undefined;
    try {
        return JSON.parse(utf8.decode(rawBody));
    }
    catch {
        return undefined;
    }
}
const marked = (reply, replayed) => ({
    ...reply,
    headers: { ...reply.headers, 'Idempotent-Replayed': replayed },
});
