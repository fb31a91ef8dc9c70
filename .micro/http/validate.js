import { failure } from '../domain/errors.js';
import { checkJson, utf8Text } from '../domain/json.js';
import { parseMessage } from '../domain/message.js';
const notJson = failure('unsupported_media_type');
const notUtf8 = failure('invalid_json', { message: 'The body is not UTF-8.' });
const invalidKey = failure('invalid_idempotency_key');
/** Why a body of this `Content-Type` and `Content-Encoding` is not read; undefined: it is JSON in UTF-8. */
export function checkMediaType(contentType, contentEncoding) {
    const encoded = contentEncoding !== undefined && contentEncoding !== 'identity';
    if (!encoded && contentType === 'application/json')
        return undefined;
    return encoded || contentType === undefined || !isJson(contentType) ? notJson : undefined;
}
/** `application/json`, with no charset or utf-8. */
function isJson(contentType) {
    const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
    return (mediaType === 'application/json' &&
        parameters.every((text) => !text.startsWith('charset=') || /^charset="?utf-?8"?$/.test(text)));
}
/**
 * The caller's idempotency key: 1–255 visible ASCII characters, quoted or bare. Two headers arrive joined by
 * ", ", and no key holds a blank.
 */
export function readIdempotencyKey(header) {
    const quoted = header.length >= 2 && header.startsWith('"') && header.endsWith('"');
    const key = quoted ? header.slice(1, -1) : header;
    return /^[\x21-\x7e]{1,255}$/.test(key) ? key : invalidKey;
}
/** Parses, checks and normalises a body by the rules of the caller's tenant. */
export function readMessage(bytes, settings) {
    const text = utf8Text(bytes);
    if (text === undefined)
        return notUtf8;
    let value;
    try {
        value = JSON.parse(text);
    }
    catch {
        return failure('invalid_json');
    }
    const unfit = checkJson(value);
    if (unfit !== undefined)
        return failure('invalid_json', unfit);
    const parsed = parseMessage(value, settings);
    if (parsed.ok)
        return parsed.message;
    const { code, ...detail } = parsed.fault;
    return failure(code, detail);
}
