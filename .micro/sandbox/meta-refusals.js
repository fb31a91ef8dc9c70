/** Refusals by Meta, in the shapes in which they have been seen to come through (upstream contract §5, §6, §12). */
import { json } from './reply.js';
const codes = {
    4: { title: 'Application request limit reached' },
    10: { title: 'Permission denied' },
    100: { title: 'Invalid parameter' },
    190: { title: 'Access token expired' },
    368: { title: 'Temporarily blocked for policies violations' },
    1006: { title: 'Resource not found', name: 'recipient_not_on_whatsapp' },
    1013: { title: 'User is not valid', name: 'recipient_blocked' },
    80007: { title: 'Rate limit issues' },
    130403: { title: 'User blocked the business' },
    130429: { title: 'Rate limit hit' },
    130472: { title: "User's number is part of an experiment" },
    131000: { title: 'Something went wrong' },
    131005: { title: 'Access denied' },
    131008: { title: 'Required parameter is missing' },
    131009: { title: 'Parameter value is not valid' },
    131016: { title: 'Service unavailable' },
    131021: { title: 'Recipient cannot be sender' },
    131026: { title: 'Message undeliverable' },
    131031: { title: 'Account has been locked' },
    131037: { title: 'Display name not approved' },
    131042: { title: 'Business eligibility payment issue' },
    131047: { title: 'Re-engagement message', name: 'outside_24h_window' },
    131048: { title: 'Spam rate limit hit' },
    131049: { title: 'Meta chose not to deliver' },
    131050: { title: 'Recipient stopped marketing messages' },
    131051: { title: 'Unsupported message type' },
    131052: { title: 'Media download error' },
    131053: { title: 'Media upload error', name: 'media_download_failed' },
    131056: { title: 'Pair rate limit hit' },
    132000: { title: 'Template param count mismatch', name: 'template_param_count_mismatch' },
    132001: { title: 'Template does not exist', name: 'template_param_format_mismatch' },
    132005: { title: 'Template hydrated text too long' },
    132007: { title: 'Template format character policy violated' },
    132012: { title: 'Template parameter format mismatch' },
    132015: { title: 'Template is paused', name: 'template_paused' },
    132016: { title: 'Template is disabled', name: 'template_disabled' },
    133004: { title: 'Server temporarily unavailable' },
    133010: { title: 'Phone number not registered' },
    135000: { title: 'Generic user error' },
};
const titleOf = (code) => codes[code]?.title ?? 'Unknown error';
const messageOf = (code) => `(#${code}) ${titleOf(code)}`;
/** Kirim's name of the code, or its digits as text: `error.code` is not always a name. */
export const nameOf = (code) => codes[code]?.name ?? String(code);
/** Meta's own error object, with HTTP 400 whatever the code. */
export function metaShaped(code, requestId) {
    return json(400, requestId, {
        error: {
            message: messageOf(code),
            type: 'OAuthException',
            code,
            error_data: { messaging_product: 'whatsapp', details: titleOf(code) },
            fbtrace_id: 'AbCdEfGhIjKlMnOpQrStUvW',
        },
    });
}
/** Kirim's envelope with HTTP 502, though the refusal may be for good, and Meta's number as `error.code`. */
export function numberInServerError(code, requestId) {
    return json(502, requestId, {
        error: { type: 'api_error', code, message: messageOf(code), request_id: requestId },
    });
}
/** Kirim's envelope with HTTP 422, its own name of the code, and Meta's number as `provider_code`. */
export function namedRefusal(code, requestId) {
    return json(422, requestId, {
        error: {
            type: 'invalid_request_error',
            code: nameOf(code),
            message: titleOf(code),
            provider_code: code,
            request_id: requestId,
        },
    });
}
/** Kirim's envelope with HTTP 502 that names Meta's number nowhere but in the text. */
export function numberInText(code, requestId) {
    return json(502, requestId, {
        error: {
            type: 'api_error',
            code: 'whatsapp_upstream_error',
            message: `WhatsApp refused the message: ${messageOf(code)}`,
            request_id: requestId,
        },
    });
}
/** `data.error` of a message that was accepted and failed later. */
export function asyncFailure(code) {
    return { code: nameOf(code), message: titleOf(code), provider_code: code };
}
