import { hash } from 'node:crypto';
const capacity = 1000;
const maxBodyBytes = 262_144;
/** A ring of the last 1000 requests. They are rendered only when they are asked for, to keep load tests fast. */
export function createRequestLog() {
    const ring = [];
    /** Where the next entry goes once the ring is full: at its oldest. */
    let oldest = 0;
    return {
        add({ method = '', url = '', rawHeaders }, at) {
            const entry = { at, incoming: { method, url, rawHeaders }, body: Buffer.alloc(0), status: null };
            ring[ring.length < capacity ? ring.length : oldest++ % capacity] = entry;
            return entry;
        },
        last(count) {
            const start = oldest % capacity;
            const inOrder = [...ring.slice(start), ...ring.slice(0, start)];
            return (count > 0 ? inOrder.slice(-count) : []).map(({ at, incoming, body, status }) => ({
                at,
                method: incoming.method,
                path: incoming.url,
                headers: pairs(incoming.rawHeaders),
                body: body.subarray(0, maxBodyBytes).toString('utf8'),
                status,
            }));
        },
    };
}
function pairs(rawHeaders) {
    const found = [];
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
        const name = rawHeaders[index] ?? '';
        const value = rawHeaders[index + 1] ?? '';
        found.push([name, name.toLowerCase() === 'authorization' ? fingerprint(value) : value]);
    }
    return found;
}
/** A token must not be readable in a log, yet a test has to see which one arrived. */
const fingerprint = (value) => `sha256:${hash('sha256', value).slice(0, 12)}`;
