/** Error codes with their status and type: the catalogue of upstream contract §5. */
const catalogue = {
    invalid_phone_number: [400, 'invalid_request_error'],
    missing_required_field: [400, 'invalid_request_error'],
    invalid_field_value: [400, 'invalid_request_error'],
    invalid_template_name: [400, 'invalid_request_error'],
    invalid_limit: [400, 'invalid_request_error'],
    invalid_cursor: [400, 'invalid_request_error'],
    invalid_request: [400, 'invalid_request_error'],
    invalid_api_key: [401, 'authentication_error'],
    expired_api_key: [401, 'authentication_error'],
    phone_number_forbidden: [403, 'permission_error'],
    resource_not_found: [404, 'not_found'],
    idempotency_in_progress: [409, 'conflict'],
    idempotency_conflict: [409, 'conflict'],
    idempotency_key_reuse: [422, 'invalid_request_error'],
    account_not_connected: [422, 'invalid_request_error'],
    rate_limit_exceeded: [429, 'rate_limit_error'],
    internal_error: [500, 'api_error'],
    whatsapp_upstream_error: [502, 'api_error'],
    service_unavailable: [503, 'api_error'],
};
/** A JSON answer; `X-Request-Id` always repeats the id that the caller of this puts into the body. */
export function json(status, requestId, content, headers = {}) {
    return {
        status,
        headers: { 'Content-Type': 'application/json', 'X-Request-Id': requestId, ...headers },
        body: JSON.stringify(content),
    };
}
/** The success envelope: `request_id` at the top level (upstream contract §4). */
export function success(requestId, data, status = 200) {
    return json(status, requestId, { data, request_id: requestId });
}
/** The error envelope: `request_id` inside `error` (upstream contract §5). */
export function refusal(requestId, { code, message, param }, headers = {}) {
    const [status, type] = catalogue[code];
    const error = { type, code, message, ...(param !== undefined && { param }), request_id: requestId };
    return json(status, requestId, { error }, headers);
}
/** The 404 of everything unknown or foreign. */
export function notFound(requestId) {
    return refusal(requestId, { code: 'resource_not_found', message: 'No such resource.' });
}
/** The page of a proxy in front of the API: no envelope, and no header of the API either. */
export function proxyPage(status, title, headers = {}) {
    return {
        status,
        headers: { 'Content-Type': 'text/html', ...headers },
        body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
    };
}
/** Whether the API itself made the answer; a proxy's page carries no request id. */
export const isFromApi = (reply) => 'X-Request-Id' in reply.headers;
