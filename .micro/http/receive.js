import { failure } from '../domain/errors.js';
/** The largest body that is taken in, chunked or not. */
export const MAX_BODY_BYTES = 256 * 1024;
export const tooLarge = failure('payload_too_large');
export const brokeOff = failure('invalid_request', { message: 'The body broke off before its end.' });
/** Whether the length that the caller declares is over the cap. */
export const declaresTooMuch = (contentLength) => contentLength !== undefined && Number(contentLength) > MAX_BODY_BYTES;
/** Reads a body of the Fetch API into memory, bounded. */
export async function receiveBody(request) {
    const declared = request.headers.get('content-length') ?? undefined;
    if (declaresTooMuch(declared))
        return tooLarge;
    try {
        // The HTTP layer holds a body to its declared length; one without a length is counted as it comes.
        return declared === undefined
            ? await readBounded(request.body, MAX_BODY_BYTES)
            : new Uint8Array(await request.arrayBuffer());
    }
    catch {
        return brokeOff;
    }
}
/** The bytes of `body`, unless there are more than `max`. */
async function readBounded(body, max) {
    if (body === null)
        return new Uint8Array();
    const chunks = [];
    let length = 0;
    const reader = body.getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done)
            break;
        length += value.length;
        if (length > max) {
            await reader.cancel();
            return tooLarge;
        }
        chunks.push(value);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
    }
    return bytes;
}
