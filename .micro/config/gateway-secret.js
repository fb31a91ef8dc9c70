const MIN_BYTES = 32;
const HOW_TO = 'make one with: openssl rand -base64 32';
/**
 * Decodes `GATEWAY_SECRET`: base64 of ≥ 32 bytes (RFC 4648 §4 or §5, padding optional, one trailing newline
 * tolerated). Strict, since a decoder that skips what it does not know would turn a damaged secret into another
 * one and let messages go out twice. The fault never repeats the text.
 */
export function decodeGatewaySecret(text) {
    const written = (text ?? '').replace(/\r?\n$/, '');
    if (written === '')
        return refused('is not set');
    const bytes = decodeBase64(written);
    if (bytes === undefined)
        return refused('is not base64');
    if (bytes.length < MIN_BYTES)
        return refused(`holds ${bytes.length} bytes, but must hold ${MIN_BYTES} or more`);
    return { ok: true, bytes };
}
function refused(message) {
    return { ok: false, fault: { path: 'GATEWAY_SECRET', message: `${message}; ${HOW_TO}` } };
}
function decodeBase64(text) {
    const standard = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
    const urlSafe = /^[A-Za-z0-9_-]+={0,2}$/.test(text);
    if (!standard && !urlSafe)
        return undefined;
    const bare = text.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
    const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
    if (bare.length % 4 === 1 || (text.includes('=') && text.length !== padded.length))
        return undefined;
    const binary = atob(padded);
    // Set bits after the last byte: a character was lost or mistyped.
    if (btoa(binary) !== padded)
        return undefined;
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
