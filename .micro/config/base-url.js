const refused = (message) => ({ ok: false, message });
/**
 * Checks the upstream's base URL: https, or http to this very machine (interface §3), since every request carries
 * the account's token. The messages do not repeat the URL, which may hold a password.
 */
export function readBaseUrl(text) {
    const url = parse(text);
    if (url === undefined)
        return refused('must be a URL, for example https://api.kirim.chat/v1');
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
        return refused('must start with https://');
    if (url.username !== '' || url.password !== '')
        return refused('must not hold a user name or password');
    // The text is searched, not `url.search`: a bare `?` or `#` parses to nothing and would still break the paths.
    if (/[?#]/.test(text))
        return refused('must not hold a query or a fragment');
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
        return refused('must start with https://; http:// is for loopback hosts only (127.0.0.1, localhost, [::1])');
    }
    return { ok: true, url: url.origin + url.pathname.replace(/\/+$/, '') };
}
/** `hostname` as the URL parser gives it: IPv4 in four decimal parts, IPv6 compressed in brackets. */
function isLoopback(hostname) {
    return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
function parse(text) {
    try {
        return new URL(text);
    }
    catch {
        return undefined;
    }
}
