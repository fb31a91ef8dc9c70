import { failure } from '../domain/errors.js';
/**
 * What Node's parser lets through, and RFC 9112 wants refused: another version of HTTP (§2.3), a Host missing,
 * given twice or of no use (§3.2), a transfer coding other than chunked, or in HTTP/1.0 (§6.1).
 */
export function isFaulty({ headers, rawHeaders, httpVersion }) {
    if (httpVersion !== '1.1' && httpVersion !== '1.0')
        return true;
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked'))
        return true;
    if (!headers.host)
        return httpVersion !== '1.0';
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2) {
        const name = rawHeaders[at];
        if (name?.length === 4 && name.toLowerCase() === 'host')
            hosts += 1;
    }
    return hosts > 1 || !URL.canParse(`http://${headers.host}`);
}
/**
 * Keeps two keys from being read as one. Node joins them by ", ", and later the end of a value is trimmed:
 * `a` and an empty one would become the key `a,`.
 */
export function keepKeysApart({ headers }) {
    const key = headers['idempotency-key'];
    if (typeof key === 'string' && key.endsWith(', '))
        headers['idempotency-key'] = `${key}""`;
}
export const brokeOff = failure('invalid_request', { message: 'The request broke off before its end.' });
/** What to answer when Node's parser gives up. */
export function parseFailure(error) {
    switch (error.code) {
        case 'HPE_HEADER_OVERFLOW':
            return failure('headers_too_large');
        case 'ERR_HTTP_REQUEST_TIMEOUT':
            return failure('invalid_request', { message: 'The request did not arrive in time.' });
        case 'HPE_INVALID_EOF_STATE':
            return brokeOff;
        default:
            return failure('invalid_request');
    }
}
