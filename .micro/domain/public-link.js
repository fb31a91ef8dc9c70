/**
 * Whether a media link may be handed to the upstream. The gateway itself never fetches one; the check keeps
 * callers from making others fetch what is not public, and tells them early that such a link cannot work.
 */
/** Text that URL parsers read in different ways: the host checked here might not be the one fetched. */
const readDifferently = /[\s\p{Cc}\\]/u;
/** Scheme and authority, up to the first `/`, `?` or `#` (RFC 3986 §3.2). */
const httpsAuthority = /^https:\/\/([^/?#]+)/i;
/** Names that never lead to the public internet (RFC 6761, 6762, 8375; `.internal` is reserved by ICANN). */
const privateName = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;
/**
 * Why `text` is not a link that Meta could fetch: media links are https, without credentials, to a public
 * host (upstream contract §3.2; interface §6). The fault reads on after the field's name and quotes nothing;
 * undefined: no fault. The link is judged only and is forwarded as it was written, since signed URLs break
 * when they are touched. Names are not looked up.
 */
export function linkFault(text) {
    if (readDifferently.test(text))
        return 'must not hold blanks, control characters or backslashes.';
    const authority = httpsAuthority.exec(text)?.[1];
    if (authority === undefined)
        return 'must be an absolute https URL.';
    if (authority.includes('@'))
        return 'must not hold a user name or password.';
    const host = hostOf(text);
    if (host === undefined)
        return 'must be an absolute https URL.';
    return isPublicHost(host) ? undefined : 'must point to a public host.';
}
/**
 * The host of an absolute URL as the WHATWG parser writes it, which brings every spelling of an address
 * (octal, hex, short, full-width, escaped) to one; undefined when `text` is no such URL.
 */
export function hostOf(text) {
    try {
        return new URL(text).hostname;
    }
    catch {
        return undefined;
    }
}
function isPublicHost(host) {
    if (host.startsWith('['))
        return isPublicIpv6(groupsOf(host.slice(1, -1)));
    const name = host.endsWith('.') ? host.slice(0, -1) : host;
    const labels = name.split('.');
    if (labels.length === 1 || labels.includes(''))
        return false;
    // A host whose last label is a number is an IPv4 address after parsing, or was no host at all.
    if (/^[\d.]+$/.test(name))
        return isPublicIpv4(addressOf(name));
    return !privateName.test(name);
}
/** An IPv4 address as a number, from four decimal parts. */
const addressOf = (dotted) => dotted.split('.').reduce((address, part) => address * 256 + Number(part), 0);
const block = (cidr) => {
    const [start = '', bits = ''] = cidr.split('/');
    return { start: addressOf(start), size: 2 ** (32 - Number(bits)) };
};
/** The IANA IPv4 Special-Purpose Address Registry, less what is globally reachable; plus multicast. */
const notPublic = [
    block('0.0.0.0/8'),
    block('10.0.0.0/8'),
    block('100.64.0.0/10'),
    block('127.0.0.0/8'),
    block('169.254.0.0/16'),
    block('172.16.0.0/12'),
    block('192.0.0.0/24'),
    block('192.0.2.0/24'),
    block('192.88.99.0/24'),
    block('192.168.0.0/16'),
    block('198.18.0.0/15'),
    block('198.51.100.0/24'),
    block('203.0.113.0/24'),
    block('224.0.0.0/3'),
    // The platform endpoint of Azure: a public address that only machines inside can reach.
    block('168.63.129.16/32'),
];
const isPublicIpv4 = (address) => notPublic.every(({ start, size }) => address < start || address >= start + size);
/** The eight groups of an IPv6 address in the parser's form: hexadecimal, at most one `::`, no dots. */
function groupsOf(text) {
    const [head = '', tail] = text.split('::');
    const front = parseGroups(head);
    if (tail === undefined)
        return front;
    const back = parseGroups(tail);
    return [...front, ...new Array(8 - front.length - back.length).fill(0), ...back];
}
const parseGroups = (text) => text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
/**
 * Global unicast (2000::/3) is public, less its special blocks; of the rest only addresses that carry a
 * public IPv4 address. So loopback, unique local (the metadata address fd00:ec2::254 too), link-local,
 * multicast, IPv4-compatible and unassigned space all fall out.
 */
function isPublicIpv6(groups) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
    const start = [a, b, c, d, e, f].map((group) => group.toString(16)).join(':');
    const mapped = start === '0:0:0:0:0:ffff';
    const nat64 = start === '64:ff9b:0:0:0:0';
    if (mapped || nat64)
        return isPublicIpv4(g * 0x10000 + h);
    if (a === 0x2002)
        return isPublicIpv4(b * 0x10000 + c);
    if (a < 0x2000 || a > 0x3fff)
        return false;
    const ietfProtocols = a === 0x2001 && b < 0x200;
    const documentation = (a === 0x2001 && b === 0xdb8) || (a === 0x3fff && b < 0x1000);
    return !ietfProtocols && !documentation;
}
