/**
 * Reads the ledger's URL: `redis://` or `rediss://` (TLS) is one server; several, separated by commas, or
 * `redis+cluster://` is a cluster. Throws an error that does not repeat the text: it may hold a password.
 */
export function readEndpoint(text) {
    const [first, ...others] = text.split(',').map((url) => url.trim());
    const isCluster = others.length > 0 || /^rediss?\+cluster:/.test(first ?? '');
    const urls = [plain(first ?? ''), ...others.map(plain)];
    return isCluster ? { kind: 'cluster', urls } : { kind: 'server', url: urls[0] };
}
function plain(text) {
    const url = text.replace(/^(rediss?)\+cluster:/, '$1:');
    if (!isRedisUrl(url)) {
        throw new Error('the Redis URL must be redis://, rediss:// or redis+cluster:// with a host; several are separated by commas');
    }
    return url;
}
function isRedisUrl(text) {
    if (!URL.canParse(text))
        return false;
    const { protocol, hostname, username, password, pathname } = new URL(text);
    return (/^rediss?:$/.test(protocol) &&
        hostname !== '' &&
        /^(\/\d*)?$/.test(pathname) &&
        [username, password].every(isDecodable));
}
function isDecodable(text) {
    try {
        decodeURIComponent(text);
        return true;
    }
    catch {
        return false;
    }
}
