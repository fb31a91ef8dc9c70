import { Hono } from 'hono';
import { whole } from './enact.js';
import { answer, createEndpoint } from './endpoint.js';
import { newId } from './id.js';
import { createAuthenticate, demoPhoneNumberIds, demoToken, } from './organisation.js';
import { postMessage } from './post-message.js';
import { accounts, getMedia, getMessage, listMessages, me } from './read.js';
import { notFound, refusal, success } from './reply.js';
import { createState } from './state.js';
const demo = { name: 'Demo', tokens: [demoToken], phoneNumberIds: demoPhoneNumberIds };
/** The fake Kirim API under `/v1`, and what it has seen under `/_sandbox`. */
export function createSandbox({ organisations = [demo], ...given } = {}) {
    const settings = {
        writePerMinute: 6000,
        readPerMinute: 60_000,
        now: Date.now,
        inFlightWaitMs: 30_000,
        slowMs: 2000,
        ...given,
    };
    let state = createState(settings);
    const app = new Hono();
    const sandbox = {
        app,
        stats: () => state.counters.stats(),
        requests: (count = 1000) => state.log.last(count),
        messages: (count = 1000) => state.messages.newestFirst().slice(0, count).reverse(),
        reset() {
            state = createState(settings);
        },
    };
    app.get('/_sandbox/stats', (c) => c.json(sandbox.stats()));
    app.get('/_sandbox/requests', (c) => c.json(sandbox.requests(lastOf(c))));
    app.get('/_sandbox/messages', (c) => c.json(sandbox.messages(lastOf(c))));
    app.post('/_sandbox/reset', (c) => {
        sandbox.reset();
        return c.json({ reset: true });
    });
    const endpoint = createEndpoint(createAuthenticate(organisations), settings, () => state);
    const requestId = () => newId('req', settings.now());
    app.get('/v1/health', (c) => answer(c, success(requestId(), { status: 'ok' })));
    app.get('/v1/me', endpoint(me));
    app.get('/v1/accounts', endpoint(accounts));
    app.post('/v1/:phone_number_id/messages', endpoint(postMessage));
    app.get('/v1/:phone_number_id/messages', endpoint(listMessages));
    app.get('/v1/:phone_number_id/messages/:message_id', endpoint(getMessage));
    app.get('/v1/:phone_number_id/messages/:message_id/media', endpoint(getMedia));
    app.notFound(endpoint((call) => whole(notFound(call.requestId))));
    app.onError((error, c) => answer(c, refusal(requestId(), { code: 'internal_error', message: String(error) })));
    return sandbox;
}
/** `last=N` of an inspection endpoint; undefined: not given. */
function lastOf(c) {
    const last = c.req.query('last');
    return last === undefined ? undefined : Math.max(0, Math.trunc(Number(last)) || 0);
}
