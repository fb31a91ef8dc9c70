import { hash } from 'node:crypto';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/**
 * `<prefix>_` + 26 characters of Crockford base32 that look like a ULID (upstream contract §10); `nowMs`: epoch ms.
 * Unique, but not hard to guess: nothing here needs that, and every request makes several.
 */
export function newId(prefix, nowMs) {
    let time = '';
    for (let rest = nowMs; time.length < 10; rest = Math.floor(rest / 32))
        time = alphabet.charAt(rest % 32) + time;
    let chance = '';
    while (chance.length < 16)
        chance += alphabet.charAt(Math.floor(Math.random() * 32));
    return `${prefix}_${time}${chance}`;
}
/** An id that is always the same for the same `name`: conversations and inbound messages need no table. */
export function stableId(prefix, name) {
    let text = '';
    for (const byte of hash('sha256', name, 'buffer').subarray(0, 26))
        text += alphabet.charAt(byte & 31);
    return `${prefix}_${text}`;
}
