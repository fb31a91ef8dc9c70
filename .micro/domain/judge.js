/**
 * What an upstream result means: the caller's verdict, what becomes of the idempotency record, and whether
 * the charges come back. The rule behind every row: 503 = certainly not sent, 502 = it may have been sent.
 */
import { catalogue, failure, } from './errors.js';
import { isPermanentName, providerMeaning } from './provider-codes.js';
import { jsonObject, readUpstreamError } from './upstream-error.js';
/** A refusal for good: no message went out and none will. */
const refused = (verdict) => ({ verdict, settlement: 'keep', giveBack: true });
/** Certainly not sent; the same key may try again. */
const notSent = (verdict) => ({ verdict, settlement: 'release', giveBack: true });
/** It may have been sent: key and fingerprint stay bound. */
const unclear = (code, detail = {}) => ({
    verdict: failure(code, { outcome: 'unknown', ...detail }),
    settlement: 'unknown',
    giveBack: false,
});
export function judge(result, circumstances) {
    const judged = judgeResult(result, circumstances);
    return circumstances.resumed && judged.settlement === 'release' ? withEarlierAttempt(judged) : judged;
}
function judgeResult(result, { operation, account, now }) {
    if (result.kind === 'not_sent')
        return notSent(failure('service_unavailable', { retryAfterSeconds: 1 }));
    if (result.kind === 'unknown')
        return unclear('upstream_outcome_unknown', safeToRepeat(operation));
    const body = withoutTokens(result.body, account);
    if (result.status >= 200 && result.status < 300)
        return judgeSuccess(result.status, body, operation);
    if (result.status < 400)
        return unclear('whatsapp_upstream_error', safeToRepeat(operation));
    return judgeError(result.status, readUpstreamError(body), result.headers, operation, now);
}
/** The upstream says `{ data, request_id }`; without readable data the message is sent but its id is lost. */
function judgeSuccess(status, text, operation) {
    const body = jsonObject(text);
    const data = body?.data;
    const isReadable = typeof data === 'object' && data !== null && (operation === 'list' || !Array.isArray(data));
    if (body !== undefined && isReadable) {
        return { verdict: { kind: 'success', status, body }, settlement: 'keep', giveBack: false };
    }
    const message = 'The WhatsApp API accepted the message, but its answer could not be read. Retry only with the same Idempotency-Key.';
    return unclear('upstream_outcome_unknown', { message, ...safeToRepeat(operation), outcome: 'sent' });
}
/** The table of 4xx and 5xx; the first row that fits decides. */
function judgeError(status, error, headers, operation, now) {
    const { code, type, param, providerCode } = error;
    const meaning = providerCode === undefined ? undefined : providerMeaning(providerCode);
    if (meaning?.kind === 'credential')
        return credentialsRefused;
    if (meaning?.kind === 'throttled')
        return throttled(headers, now);
    if (meaning?.kind === 'permanent')
        return refused(permanentRefusal(meaning, error));
    if (code !== undefined && isPermanentName(code))
        return refused(permanentRefusal({ code }, error));
    if (status >= 500 || status === 408)
        return unclear('whatsapp_upstream_error', safeToRepeat(operation));
    if ((status === 403 || status === 404) && isAboutNumber(error)) {
        return refused(failure('resource_not_found'));
    }
    if (status === 401 || status === 403 || type === 'authentication_error')
        return credentialsRefused;
    if (status === 404 && param === undefined && operation !== 'receipt' && operation !== 'item') {
        return refused(failure('resource_not_found'));
    }
    if (status === 429 || type === 'rate_limit_error')
        return throttled(headers, now);
    if (code === 'idempotency_conflict' || code === 'idempotency_key_reuse') {
        return notSent(failure('idempotency_key_reuse'));
    }
    if (code === 'idempotency_in_progress' || (status === 409 && code === undefined)) {
        return unclear('idempotency_in_progress', {
            retryAfterSeconds: retryAfterSeconds(headers.retryAfter, now, 1),
        });
    }
    return refused(clientError(status, error));
}
const credentialsRefused = {
    ...notSent(failure('upstream_auth_failed', { retryAfterSeconds: 60 })),
    credentialsRefused: true,
};
/** Seconds to wait when the upstream throttles without saying how long. */
const THROTTLED_RETRY_SECONDS = 5;
const throttled = (headers, now) => notSent(failure('upstream_rate_limited', {
    retryAfterSeconds: retryAfterSeconds(headers.retryAfter, now, THROTTLED_RETRY_SECONDS),
}));
/** G2 knows 403 `phone_number_forbidden` besides the usual 404 (upstream contract §5, §14.2). */
const isAboutNumber = ({ code, param }) => code === 'phone_number_forbidden' || param === 'phone_number_id';
/** 422 with the refusal's public name; our text is followed by what the provider said. */
function permanentRefusal(meaning, error) {
    const said = [meaning.message, error.message].filter((part) => part !== undefined).join(' ');
    const param = error.param ?? meaning.param;
    return {
        kind: 'failure',
        status: 422,
        type: 'invalid_request_error',
        code: meaning.code,
        message: said === '' ? catalogue.invalid_field_value.message : said,
        ...(param !== undefined && { param }),
        outcome: 'not_sent',
    };
}
/** An upstream 4xx passes with its own words; what it left out comes from the catalogue. */
function clientError(status, error) {
    const fallback = failure(fallbackCode(status));
    return {
        kind: 'failure',
        status,
        type: error.type ?? fallback.type,
        code: error.code ?? fallback.code,
        message: error.message ?? `The WhatsApp API refused the request with HTTP ${status}.`,
        ...(error.param !== undefined && { param: error.param }),
        outcome: 'not_sent',
    };
}
function fallbackCode(status) {
    if (status === 400 || status === 422)
        return 'invalid_field_value';
    if (status === 404)
        return 'resource_not_found';
    if (status === 413)
        return 'payload_too_large';
    return 'invalid_request';
}
/**
 * A retry that was certainly not sent says nothing about the attempt before it, so it must not claim
 * that nothing was sent: 503 becomes 502, and 429 keeps its status with the outcome unknown.
 */
function withEarlierAttempt(judged) {
    const { verdict } = judged;
    if (verdict.kind === 'success')
        return judged;
    return {
        ...judged,
        verdict: verdict.status === 503
            ? failure('upstream_outcome_unknown', { outcome: 'unknown' })
            : { ...verdict, outcome: 'unknown' },
    };
}
/** A read sends nothing, so its error text must not warn of a second message. */
const safeToRepeat = (operation) => operation === 'list' || operation === 'item'
    ? { message: 'The WhatsApp API gave no readable answer. Reading again is safe.' }
    : {};
const MAX_RETRY_AFTER_SECONDS = 3600;
/** `Retry-After` as delta-seconds or HTTP-date (RFC 9110 §10.2.3), in whole seconds from 1 to 3600. */
export function retryAfterSeconds(text, now, otherwise) {
    if (text === undefined)
        return otherwise;
    const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((httpDate(text) - now) / 1000);
    return Number.isNaN(seconds) ? otherwise : Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS);
}
/** The three forms of RFC 9110 §5.6.7; `Date.parse` alone finds a date in "-5" and "try again in 2030". */
const httpDatePattern = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .+ \d\d:\d\d:\d\d (?:GMT|\d{4})$/;
const httpDate = (text) => httpDatePattern.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
/** An upstream that echoes a token must not make the gateway repeat it, however JSON spells it. */
function withoutTokens(text, account) {
    let clean = text?.includes('\\') ? respelt(text) : text;
    for (const secret of [account.token, account.nextToken]) {
        if (secret !== undefined)
            clean = clean?.replaceAll(spelling(secret.reveal()), '[redacted]');
    }
    return clean;
}
/** JSON text with escapes only where they must be, so that equal strings are spelt alike. */
const respelt = (text) => {
    const value = jsonObject(text);
    return value && JSON.stringify(value);
};
/** `text` as it stands inside a JSON string. */
const spelling = (text) => JSON.stringify(text).slice(1, -1);
