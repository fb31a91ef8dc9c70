import { newId, stableId } from './id.js';
import { asyncFailure } from './meta-refusals.js';
/** Above this number of messages the oldest are forgotten. */
const capacity = 10_000;
/** `now`: epoch ms. */
export function createMessages(now) {
    const byId = new Map();
    let sequence = 0;
    const add = (message) => {
        sequence += 1;
        byId.set(message.resource.id, { sequence, ...message });
        if (byId.size <= capacity)
            return;
        // Many at once: every walk starts by passing over what was deleted before.
        for (const oldest of [...byId.keys()].slice(0, capacity / 10))
            byId.delete(oldest);
    };
    return {
        send(submission, failsWith) {
            const { organisation, phoneNumberId, body } = submission;
            const id = newId('msg', now());
            const accepted = {
                id,
                object: 'message',
                to: body.to,
                type: body.type,
                created_at: new Date(now()).toISOString(),
                conversation_id: stableId('cnv', `${organisation} ${phoneNumberId} ${body.to}`),
            };
            const message_id = `wamid.${Buffer.from(id).toString('base64')}`;
            const fate = failsWith === undefined ? { status: 'sent' } : { status: 'failed', error: asyncFailure(failsWith) };
            add({ ...submission, resource: { ...accepted, direction: 'outbound', message_id, ...fate } });
            return { ...accepted, status: 'queued' };
        },
        markRead(organisation, phoneNumberId, wamid) {
            const id = stableId('msg', `${organisation} ${phoneNumberId} ${wamid}`);
            const receipt = { id, object: 'message', status: 'read', message_id: wamid };
            const created_at = new Date(now()).toISOString();
            if (!byId.has(id)) {
                add({ organisation, phoneNumberId, resource: { ...receipt, direction: 'inbound', created_at } });
            }
            return receipt;
        },
        find(organisation, phoneNumberId, id) {
            const message = byId.get(id);
            const owned = message?.organisation === organisation && message.phoneNumberId === phoneNumberId;
            return owned ? message.resource : undefined;
        },
        isOutbound(wamid) {
            const id = Buffer.from(wamid.slice('wamid.'.length), 'base64').toString();
            return byId.get(id)?.resource.direction === 'outbound';
        },
        newestFirst: () => [...byId.values()].reverse(),
    };
}
