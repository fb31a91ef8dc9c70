const encoder = new TextEncoder();
/** Hashing by Web Crypto, for runtimes without Node's; `secret` holds the bytes of `GATEWAY_SECRET`. */
export function createWebDigest(secret) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    let key;
    return {
        sha256: async (text) => hex(await crypto.subtle.digest('SHA-256', encoder.encode(text))),
        async hmac(bytes) {
            // Not at start: Workers allow no asynchronous work before the first request.
            key ??= crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
            return hex(await crypto.subtle.sign(algorithm, await key, new Uint8Array(bytes)));
        },
    };
}
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
