import { createHmac } from 'node:crypto';
/**
 * One page of `items`, which come by falling `sequence` (upstream contract §10: limit 1–100, 25 unless told).
 * A cursor is the sequence to go on below, signed together with the filters.
 */
export function paginate(items, { limit = '25', cursor, filters }, secret) {
    const size = /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
    if (size < 1 || size > 100) {
        return { code: 'invalid_limit', message: 'limit must be 1 to 100.', param: 'limit' };
    }
    const sign = (sequence) => createHmac('sha256', secret).update(`${sequence} ${filters}`).digest('base64url').slice(0, 22);
    const [below = '', signature] = Buffer.from(cursor ?? '', 'base64url')
        .toString()
        .split('.');
    if (cursor !== undefined && signature !== sign(below)) {
        return { code: 'invalid_cursor', message: 'The cursor is not valid for this list.', param: 'cursor' };
    }
    const rest = cursor === undefined ? items : items.filter(({ sequence }) => sequence < Number(below));
    const data = rest.slice(0, size);
    const last = String(data.at(-1)?.sequence);
    const has_more = rest.length > size;
    const next_cursor = has_more ? Buffer.from(`${last}.${sign(last)}`).toString('base64url') : null;
    return { data, has_more, next_cursor };
}
