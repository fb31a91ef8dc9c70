/**
 * Reads `rawHeaders` (name, value, name, value …) in one pass. Node's own `headers` would drop every
 * Authorization but the first, and a second one must be refused.
 */
export function readFields(rawHeaders) {
    const fields = {
        authorization: undefined,
        contentType: undefined,
        contentEncoding: undefined,
        contentLength: undefined,
        idempotencyKey: undefined,
        correlationId: undefined,
        unusual: false,
    };
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
        const name = rawHeaders[at] ?? '';
        const value = rawHeaders[at + 1] ?? '';
        // By length first: most names need not be looked at.
        switch (name.length) {
            case 6:
                if (is(name, 'expect'))
                    fields.unusual = true;
                break;
            case 7:
                if (is(name, 'upgrade'))
                    fields.unusual = true;
                break;
            case 12:
                if (is(name, 'content-type'))
                    fields.contentType = joined(fields.contentType, value);
                else if (is(name, 'x-request-id'))
                    fields.correlationId = joined(fields.correlationId, value);
                break;
            case 13:
                if (is(name, 'authorization'))
                    fields.authorization = joined(fields.authorization, value);
                break;
            case 14:
                if (is(name, 'content-length'))
                    fields.contentLength = joined(fields.contentLength, value);
                break;
            case 15:
                if (is(name, 'idempotency-key'))
                    fields.idempotencyKey = joined(fields.idempotencyKey, value);
                break;
            case 16:
                if (is(name, 'content-encoding'))
                    fields.contentEncoding = joined(fields.contentEncoding, value);
                break;
            case 17:
                if (is(name, 'transfer-encoding'))
                    fields.unusual = true;
                break;
        }
    }
    return fields;
}
const is = (name, known) => name === known || name.toLowerCase() === known;
const joined = (earlier, value) => earlier === undefined ? value : `${earlier}, ${value}`;
