import { zValidator } from '@hono/zod-validator';
import { createMiddleware } from 'hono/factory';
import * as z from 'zod';
import { failure, isFailure } from '../domain/errors.js';
import { relay } from '../pipeline/relay.js';
import { authenticate, authorize } from './authenticate.js';
import { refuseWith, respond } from './reply.js';
/** Sets `credential`, or answers 401 or 403. */
export const known = (ports) => createMiddleware(async (c, next) => {
    const credential = await authenticate(ports, c.req.header('authorization'));
    if (isFailure(credential))
        return refuseWith(c, credential);
    c.set('credential', credential);
    return await next();
});
/** Behind `known`: may the key read what belongs to the number in the path? Sets `phoneNumberId`. */
export const mayRead = createMiddleware(async (c, next) => {
    const credential = c.get('credential');
    const phoneNumberId = c.req.param('phoneNumberId');
    const mayNot = authorize(credential, 'read', phoneNumberId);
    if (mayNot !== undefined)
        return refuseWith(c, mayNot, { credential });
    c.set('phoneNumberId', phoneNumberId);
    return await next();
});
/** Ids of the upstream (contract §10), or a wamid; nothing that a path could be bent with. */
const messageId = /^(?:msg_[0-9A-HJKMNP-TV-Z]{26}|wamid\.[A-Za-z0-9+=_-]{1,512})$/;
/** A malformed id is as unknown as one that was never given out. Behind `mayRead`. */
export const messageIdParam = zValidator('param', z.object({ messageId: z.string().regex(messageId) }), (result, context) => {
    const c = context;
    return result.success ? undefined : refuseWith(c, failure('resource_not_found'), knownTo(c));
});
/** Relays a GET of `path`, which stands below the number. */
export async function read(c, ports, operation, path) {
    const { credential, phoneNumberId } = knownTo(c);
    const requestId = c.get('requestId');
    const reply = await relay(ports, { requestId, credential, operation, path: `/${phoneNumberId}${path}` });
    return respond(c, { reply, credential, phoneNumberId });
}
const knownTo = (c) => ({
    credential: c.get('credential'),
    phoneNumberId: c.get('phoneNumberId'),
});
