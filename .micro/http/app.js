import { Hono } from 'hono';
import { routePath } from 'hono/route';
import { failedInside, internalError } from './failed-inside.js';
import { unready } from './gate.js';
import { describeCaller } from './me.js';
import { requestFinished } from './observe.js';
import { postMessage } from './post-message.js';
import { known, mayRead, messageIdParam, read } from './read.js';
import { receiveBody } from './receive.js';
import { refuse, refuseWith, respond, succeed } from './reply.js';
export const MESSAGES_ROUTE = '/v1/:phoneNumberId/messages';
/** The gateway as one fetch handler: built once per configuration, never per request. */
export function createApp(ports) {
    const { clock, entropy, telemetry, ledger, gate, maxInFlight } = ports;
    const app = new Hono();
    const only = (allow) => (c) => refuse(c, 'method_not_allowed', {}, { allow });
    const alive = (c) => succeed(c, { status: 'ok' });
    app.use(async (c, next) => {
        const requestId = entropy.id('req');
        c.set('requestId', requestId);
        const began = clock.monotonic();
        await next();
        const handled = c.get('handled');
        if (handled === undefined)
            return;
        const correlationId = c.req.header('x-request-id');
        const request = { requestId, method: c.req.method, route: routePath(c, -1), correlationId };
        telemetry.record(requestFinished({ ...request, durationMs: clock.monotonic() - began }, handled));
    });
    app.get('/healthz', alive).all(only('GET, HEAD'));
    app.get('/v1/health', alive).all(only('GET, HEAD'));
    app
        .get('/readyz', async (c) => {
        const ready = !gate.isShut && (await isReachable(ledger));
        return ready ? succeed(c, { status: 'ready' }) : refuseWith(c, unready);
    })
        .all(only('GET, HEAD'));
    app.use('/v1/*', async (c, next) => {
        const refused = gate.enter(maxInFlight);
        if (refused !== undefined)
            return refuseWith(c, refused);
        try {
            return await next();
        }
        finally {
            gate.leave();
        }
    });
    app.get('/v1/me', known(ports), (c) => describeCaller(c, ledger)).all(only('GET, HEAD'));
    app
        .post(MESSAGES_ROUTE, async (c) => {
        const handled = await postMessage(ports, {
            requestId: c.get('requestId'),
            phoneNumberId: c.req.param('phoneNumberId'),
            header: (name) => c.req.header(name),
            body: () => receiveBody(c.req.raw),
        });
        return respond(c, handled);
    })
        .get(known(ports), mayRead, (c) => read(c, ports, 'list', `/messages${new URL(c.req.url).search}`))
        .all(only('GET, HEAD, POST'));
    app
        .get(`${MESSAGES_ROUTE}/:messageId`, known(ports), mayRead, messageIdParam, (c) => read(c, ports, 'item', `/messages/${encodeURIComponent(c.req.valid('param').messageId)}`))
        .all(only('GET, HEAD'));
    app.notFound((c) => refuse(c, 'resource_not_found'));
    app.onError((error, c) => {
        telemetry.record(internalError(error, c.get('requestId')));
        return refuseWith(c, failedInside);
    });
    return app;
}
async function isReachable(ledger) {
    try {
        return await ledger.reachable();
    }
    catch {
        return false;
    }
}
