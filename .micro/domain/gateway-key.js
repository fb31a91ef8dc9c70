/**
 * Gateway keys as the CLI makes them: `kgw_`, 32 random base62 characters (190 bits), 6 of checksum.
 * The prefix lets secret scanners find leaked keys; the checksum tells a mistyped key from a revoked one without
 * any look-up. (Same idea as GitHub's tokens: github.blog, "Behind GitHub's new authentication token formats".)
 */
const PREFIX = 'kgw_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const format = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
/** A new key. `randomBytes(n)` gives n bytes of a cryptographic generator. */
export function createGatewayKey(randomBytes) {
    const body = PREFIX + randomText(randomBytes);
    return body + checksum(body);
}
/** Whether `key` has the format of `createGatewayKey` and was copied without a slip; says nothing about its owner. */
export function hasValidChecksum(key) {
    if (!format.test(key))
        return false;
    const body = key.slice(0, -CHECKSUM_LENGTH);
    return checksum(body) === key.slice(-CHECKSUM_LENGTH);
}
/** Bytes from 248 on are thrown away: 256 is no multiple of 62, and the first 8 characters would come up more often. */
function randomText(randomBytes) {
    const fair = 256 - (256 % ALPHABET.length);
    let text = '';
    while (text.length < RANDOM_LENGTH) {
        for (const byte of randomBytes(RANDOM_LENGTH - text.length)) {
            if (byte < fair)
                text += ALPHABET.charAt(byte % ALPHABET.length);
        }
    }
    return text;
}
function checksum(body) {
    let rest = crc32(body);
    let text = '';
    for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
        text = ALPHABET.charAt(rest % ALPHABET.length) + text;
        rest = Math.floor(rest / ALPHABET.length);
    }
    return text;
}
/** CRC-32 of an ASCII text (ISO-HDLC, the one of zip and PNG); finds every change within 32 neighbouring bits. */
function crc32(text) {
    let crc = 0xffffffff;
    for (let index = 0; index < text.length; index += 1) {
        crc ^= text.charCodeAt(index);
        for (let bit = 0; bit < 8; bit += 1)
            crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc >>> 0;
}
