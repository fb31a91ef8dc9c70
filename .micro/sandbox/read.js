/** The endpoints that are only read: the account and its messages (upstream contract §9, §10). */
import { factsOf, phoneNumberOf } from './call.js';
import { enact, whole } from './enact.js';
import { stableId } from './id.js';
import { paginate } from './pagination.js';
import { json, notFound, refusal, success } from './reply.js';
const statuses = ['queued', 'pending', 'sent', 'delivered', 'read', 'failed'];
const mediaTypes = ['image', 'document', 'video', 'audio'];
/** `GET /v1/me` */
export function me({ requestId, organisation, token, settings }) {
    const { id, name } = organisation;
    const { writePerMinute: write_per_minute, readPerMinute: read_per_minute } = settings;
    return whole(success(requestId, {
        organization: { id, object: 'organization', name },
        api_key: { id: stableId('key', token), object: 'api_key', label: 'sandbox', last4: token.slice(-4) },
        rate_limits: { tier: 'sandbox', write_per_minute, read_per_minute },
    }));
}
/** `GET /v1/accounts`: a list envelope, but not paginated. */
export function accounts({ requestId, organisation, query }) {
    if (!['connected', 'all'].includes(query('status') ?? 'connected')) {
        return whole(refusal(requestId, unacceptable('status')));
    }
    const data = [...organisation.phoneNumberIds].map((phone_number_id, index) => ({
        object: 'account',
        phone_number_id,
        phone_number: `+1415555${String(100 + index).padStart(4, '0')}`,
        name: `${organisation.name}, number ${index + 1}`,
        status: 'connected',
    }));
    return whole(json(200, requestId, { data, has_more: false, next_cursor: null, request_id: requestId }));
}
/** `GET /v1/{phone_number_id}/messages` */
export function listMessages(call) {
    return ofNumber(call, (phoneNumberId) => {
        const { requestId, organisation, query, state } = call;
        const [conversation, direction, status, after] = [
            'conversation_id',
            'direction',
            'status',
            'created_after',
        ].map(query);
        const refuse = (why) => refusal(requestId, why);
        if (direction !== undefined && !['inbound', 'outbound'].includes(direction)) {
            return refuse(unacceptable('direction'));
        }
        if (status !== undefined && !statuses.includes(status))
            return refuse(unacceptable('status'));
        const createdAfter = after === undefined ? undefined : Date.parse(after);
        if (Number.isNaN(createdAfter))
            return refuse(unacceptable('created_after'));
        const matching = state.messages
            .newestFirst()
            .filter((message) => message.organisation === organisation.id && message.phoneNumberId === phoneNumberId)
            .filter(({ resource }) => conversation === undefined || resource.conversation_id === conversation)
            .filter(({ resource }) => direction === undefined || resource.direction === direction)
            .filter(({ resource }) => status === undefined || resource.status === status)
            .filter(({ resource }) => createdAfter === undefined || Date.parse(resource.created_at) > createdAfter);
        const filters = JSON.stringify([organisation.id, phoneNumberId, conversation, direction, status, after]);
        const page = paginate(matching, { limit: query('limit'), cursor: query('cursor'), filters }, state.secret);
        if ('code' in page)
            return refuse(page);
        const data = page.data.map(({ resource }) => resource);
        return json(200, requestId, { ...page, data, request_id: requestId });
    });
}
/** `GET /v1/{phone_number_id}/messages/{message_id}` */
export function getMessage(call) {
    return ofNumber(call, (phoneNumberId) => {
        const { requestId, organisation, param, state } = call;
        const message = state.messages.find(organisation.id, phoneNumberId, param('message_id'));
        return message === undefined ? notFound(requestId) : success(requestId, message);
    });
}
/** `GET /v1/{phone_number_id}/messages/{message_id}/media`: a redirect to where a media message's file lies. */
export function getMedia(call) {
    return ofNumber(call, (phoneNumberId) => {
        const { requestId, organisation, param, state } = call;
        const message = state.messages.find(organisation.id, phoneNumberId, param('message_id'));
        if (!mediaTypes.includes(message?.type))
            return notFound(requestId);
        const headers = { Location: `https://media.invalid/${message?.id}`, 'X-Request-Id': requestId };
        return { status: 302, headers, body: '' };
    });
}
async function ofNumber(call, read) {
    const phoneNumber = phoneNumberOf(call);
    if (phoneNumber === undefined)
        return whole(notFound(call.requestId));
    return enact(phoneNumber.act, factsOf(call), call.settings.slowMs, () => read(phoneNumber.id));
}
const unacceptable = (param) => ({
    code: 'invalid_field_value',
    message: `${param} is not acceptable.`,
    param,
});
