import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { whole } from './enact.js';
import { newId } from './id.js';
import { rateLimitHeaders } from './rate-limit.js';
import { isFromApi, refusal } from './reply.js';
import { transmit } from './transmit.js';
/** Manners in which the caller gets to see a status. */
const withStatus = ['whole', 'cut_short', 'reset_mid_body'];
/** Makes what every API request passes: log → authentication → rate limit → `handle` → socket. */
export function createEndpoint(authenticate, settings, currentState) {
    return (handle) => async (c) => {
        const { incoming } = c.env;
        const { method = '' } = incoming;
        const state = currentState();
        state.counters.request(method);
        const entry = state.log.add(incoming, settings.now());
        const rawBody = await bodyOf(c);
        entry.body = rawBody;
        const requestId = newId('req', settings.now());
        const bearer = authenticate(incoming.headers.authorization);
        if ('code' in bearer) {
            entry.status = 401;
            return answer(c, refusal(requestId, bearer));
        }
        const key = c.req.header('idempotency-key');
        if (key && method === 'POST')
            state.counters.keyedPost(bearer.organisation.id, key);
        const standing = state.rateLimit.take(bearer.organisation.id, method);
        const call = {
            ...bearer,
            requestId,
            path: c.req.path,
            param: (name) => c.req.param(name) ?? '',
            query: (name) => c.req.query(name),
            header: (name) => c.req.header(name),
            rawBody,
            state,
            settings,
        };
        const delivery = standing.retryAfter === undefined ? await handle(call) : tooManyRequests(requestId);
        const { reply, manner } = delivery;
        entry.status = withStatus.includes(manner) ? reply.status : null;
        // The documentation promises the headers on every success and every 4xx, and is silent about 5xx.
        const headers = isFromApi(reply) && reply.status < 500 ? rateLimitHeaders(standing) : {};
        const response = await answer(c, { ...reply, headers: { ...headers, ...reply.headers } }, manner);
        delivery.afterwards?.();
        return response;
    };
}
/** Puts `reply` on the socket and tells the framework that it is there. */
export async function answer(c, reply, manner = 'whole') {
    await transmit(reply, manner, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
}
const tooManyRequests = (requestId) => whole(refusal(requestId, { code: 'rate_limit_exceeded', message: 'Too many requests.' }));
async function bodyOf(c) {
    const { method } = c.env.incoming;
    return method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(await c.req.arrayBuffer());
}
