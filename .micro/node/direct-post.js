import { render } from '../domain/answer.js';
import { MESSAGES_ROUTE } from '../http/app.js';
import { failedInside, internalError } from '../http/failed-inside.js';
import { requestFinished } from '../http/observe.js';
import { postMessage } from '../http/post-message.js';
import { brokeOff, declaresTooMuch } from '../http/receive.js';
import { replyHeaders } from '../http/reply.js';
import { readFields } from './fields.js';
const messagesPath = /^\/v1\/(\d{1,32})\/messages$/;
/**
 * The usual POST of a message straight from Node's message to Node's response. It is the same `postMessage`, gate
 * and telemetry as in the app, without a Request and a Response made for it, which cost more than all the work
 * in between (docs/performance.md). Whatever is unusual about a request goes by the app.
 */
export function createDirectPost(ports) {
    return (incoming, outgoing) => {
        if (incoming.method !== 'POST')
            return false;
        const phoneNumberId = messagesPath.exec(incoming.url ?? '')?.[1];
        if (phoneNumberId === undefined)
            return false;
        const fields = readFields(incoming.rawHeaders);
        const { contentLength, unusual } = fields;
        if (unusual || contentLength === undefined || declaresTooMuch(contentLength))
            return false;
        const requestId = ports.entropy.id('req');
        void answer(ports, outgoing, fields, new DirectInbound(requestId, phoneNumberId, incoming, fields));
        return true;
    };
}
async function answer(ports, outgoing, { correlationId }, inbound) {
    const { clock, telemetry } = ports;
    const { requestId } = inbound;
    const began = clock.monotonic();
    const { reply, ...known } = await handle(ports, inbound);
    const request = { requestId, method: 'POST', route: MESSAGES_ROUTE, correlationId };
    const durationMs = clock.monotonic() - began;
    telemetry.record(requestFinished({ ...request, durationMs }, { reply, ...known }));
    // A body that broke off was answered meanwhile, and who has gone hears nothing.
    if (outgoing.headersSent || outgoing.destroyed)
        return;
    const { status, body } = reply.answer;
    const headers = replyHeaders(reply, requestId);
    headers['Content-Length'] = String(Buffer.byteLength(body));
    outgoing.writeHead(status, headers);
    outgoing.end(body);
}
async function handle(ports, inbound) {
    const { gate, maxInFlight, telemetry } = ports;
    const { requestId } = inbound;
    const refuse = (fault) => ({ reply: { answer: render(fault, requestId) } });
    const refused = gate.enter(maxInFlight);
    if (refused !== undefined)
        return refuse(refused);
    try {
        return await postMessage(ports, inbound);
    }
    catch (error) {
        telemetry.record(internalError(error instanceof Error ? error : new Error(), requestId));
        return refuse(failedInside);
    }
    finally {
        gate.leave();
    }
}
class DirectInbound {
    requestId;
    phoneNumberId;
    #incoming;
    #fields;
    constructor(requestId, phoneNumberId, incoming, fields) {
        this.requestId = requestId;
        this.phoneNumberId = phoneNumberId;
        this.#incoming = incoming;
        this.#fields = fields;
    }
    header(name) {
        switch (name) {
            case 'authorization':
                return this.#fields.authorization;
            case 'content-type':
                return this.#fields.contentType;
            case 'content-encoding':
                return this.#fields.contentEncoding;
            case 'idempotency-key':
                return this.#fields.idempotencyKey;
        }
    }
    /** Its declared length is within the cap, and Node's parser holds it to that. */
    body() {
        return new Promise((resolve) => {
            const incoming = this.#incoming;
            const chunks = [];
            incoming.on('data', (chunk) => chunks.push(chunk));
            incoming.on('end', () => {
                const [only] = chunks;
                resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
            });
            const broken = () => resolve(brokeOff);
            incoming.on('error', broken);
            incoming.on('close', broken);
        });
    }
}
