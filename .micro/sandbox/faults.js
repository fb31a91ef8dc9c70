/**
 * The magic numbers, like the test cards of a payment service: the recipient chooses the fault. Country code
 * 999 is not assigned, so none of them can be somebody's phone. `docs/sandbox.md` repeats this table.
 *
 * `+9990` + HTTP status + two-digit variant. Status 000: the connection is what fails. Statuses 2xx and variants
 * from 09 on: the message is sent.
 */
import { proxyPage, refusal } from './reply.js';
const refuse = (number, does, reply) => ({
    number,
    does,
    act: { kind: 'refuse', reply },
});
const drop = (number, does, manner) => ({
    number,
    does,
    act: { kind: 'drop', manner },
});
const accept = (number, does, how) => ({
    number,
    does,
    act: { kind: 'accept', ...how },
});
const distort = (number, does, by) => accept(number, does, { distort: by });
const says = (code, message, headers = {}) => {
    return ({ requestId }) => refusal(requestId, { code, message }, headers);
};
const tooMany = (headers = {}) => says('rate_limit_exceeded', 'Too many requests.', headers);
const plain = (status, headers = {}) => ({ status, headers, body: '' });
const withData = (truth, extra) => {
    const envelope = JSON.parse(truth.body);
    return { ...truth, body: JSON.stringify({ ...envelope, data: { ...envelope.data, ...extra } }) };
};
const page = (status, title) => () => proxyPage(status, title);
/** Longer than 1 MiB. */
const bulk = 1_200_000;
export const faults = [
    drop('+999000001', 'TCP reset without an answer', 'reset'),
    drop('+999000002', 'no answer, the connection stays open', 'silence'),
    drop('+999000003', 'orderly close without an answer', 'close'),
    accept('+999000010', 'the true answer, but only after 2 s', { slow: true }),
    accept('+999000011', 'TCP reset without an answer', { manner: 'reset' }),
    accept('+999000012', 'no answer, the connection stays open', { manner: 'silence' }),
    accept('+999000013', 'orderly close without an answer', { manner: 'close' }),
    accept('+999000014', '200, then a TCP reset in the middle of the body', { manner: 'reset_mid_body' }),
    accept('+999000015', 'bytes that are not HTTP', { manner: 'garbage' }),
    distort('+999020001', '200 with an HTML page', page(200, 'Welcome')),
    accept('+999020002', '200 with JSON that ends before its Content-Length', { manner: 'cut_short' }),
    distort('+999020003', '200 with more than 1 MiB of JSON', (truth) => withData(truth, { padding: 'x'.repeat(bulk) })),
    distort('+999020004', '200 with JSON labelled text/plain', (truth) => ({
        ...truth,
        headers: { ...truth.headers, 'Content-Type': 'text/plain' },
    })),
    distort('+999020005', '200 with JSON that is no envelope', (truth) => ({ ...truth, body: '{"ok":true}' })),
    distort('+999020006', '200 with an empty body', (truth) => ({ ...truth, body: '' })),
    distort('+999020007', '200 that repeats the bearer token in its data', (truth, { token }) => withData(truth, { echo: token })),
    accept('+999020200', '202 with the true answer', { status: 202 }),
    refuse('+999030200', '302 to another path of the sandbox', () => plain(302, { Location: '/v1/redirect-target' })),
    refuse('+999040000', '400 invalid_field_value', says('invalid_field_value', 'Not acceptable.')),
    refuse('+999040001', '400 with an HTML page', () => proxyPage(400, 'Bad Request')),
    refuse('+999040002', '400 whose message repeats the bearer token', ({ requestId, token }) => refusal(requestId, { code: 'invalid_field_value', message: `Not acceptable with ${token}.` })),
    refuse('+999040100', '401 invalid_api_key on a good token', says('invalid_api_key', 'Not valid.')),
    refuse('+999040300', '403 phone_number_forbidden', says('phone_number_forbidden', 'Not your number.')),
    refuse('+999040400', '404 resource_not_found', says('resource_not_found', 'No such resource.')),
    refuse('+999040900', '409 idempotency_conflict', says('idempotency_conflict', 'Other body.')),
    refuse('+999040901', '409 idempotency_in_progress', says('idempotency_in_progress', 'Still running.')),
    refuse('+999042200', '422 idempotency_key_reuse', says('idempotency_key_reuse', 'Other body.')),
    refuse('+999042201', '422 account_not_connected', says('account_not_connected', 'Not connected.')),
    refuse('+999042900', '429 with Retry-After: 1', tooMany({ 'Retry-After': '1' })),
    refuse('+999042901', '429 with Retry-After as an HTTP-date 2 s ahead', (facts) => tooMany({ 'Retry-After': new Date(facts.nowMs + 2000).toUTCString() })(facts)),
    refuse('+999042902', '429 without Retry-After', tooMany()),
    refuse('+999042903', '429 with Retry-After: 3600', tooMany({ 'Retry-After': '3600' })),
    refuse('+999050000', '500 internal_error', says('internal_error', 'Something broke.')),
    refuse('+999050001', '500 with an empty body', () => plain(500)),
    distort('+999050009', '500 with an empty body', () => plain(500)),
    refuse('+999050200', '502 whatsapp_upstream_error', says('whatsapp_upstream_error', 'Meta failed.')),
    refuse('+999050201', '502 with an HTML page', () => proxyPage(502, 'Bad Gateway')),
    refuse('+999050202', '502 with an HTML page that repeats the bearer token', ({ token }) => proxyPage(502, `Bad Gateway for ${token}`)),
    distort('+999050209', '502 with an HTML page', page(502, 'Bad Gateway')),
    refuse('+999050300', '503 service_unavailable', says('service_unavailable', 'Down.')),
    refuse('+999050301', '503 with an HTML page and Retry-After: 1', () => proxyPage(503, 'Service Unavailable', { 'Retry-After': '1' })),
    refuse('+999050400', '504 with an HTML page', () => proxyPage(504, 'Gateway Time-out')),
    distort('+999050409', '504 with an HTML page', page(504, 'Gateway Time-out')),
];
