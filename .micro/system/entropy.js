/** Crockford base32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;
const POOL_BYTES = RANDOM_CHARACTERS * 256;
/** Ids of ULID shape: 48 bits of time, then 80 random bits drawn from a pool of system randomness. */
export function createEntropy(clock) {
    const pool = new Uint8Array(POOL_BYTES);
    let used = POOL_BYTES;
    let stampedAt = -1;
    let stamp = '';
    return {
        id(prefix) {
            const now = clock.now();
            if (now !== stampedAt) {
                stampedAt = now;
                stamp = timeText(now);
            }
            if (used === POOL_BYTES) {
                crypto.getRandomValues(pool);
                used = 0;
            }
            let text = `${prefix}_${stamp}`;
            for (const end = used + RANDOM_CHARACTERS; used < end; used += 1) {
                text += ALPHABET.charAt((pool[used] ?? 0) & 31);
            }
            return text;
        },
        unit: Math.random,
    };
}
function timeText(now) {
    let text = '';
    for (let rest = now, place = 0; place < TIME_CHARACTERS; place += 1) {
        text = ALPHABET.charAt(rest % 32) + text;
        rest = Math.floor(rest / 32);
    }
    return text;
}
