/** Makes the fault at `path`. */
export function fault(path, message) {
    return { path: renderPath(path), message };
}
/** Dotted; names with characters of their own are quoted. */
export function renderPath(path) {
    return path.length === 0 ? '(root)' : path.map(renderSegment).join('.');
}
/** One line per fault, for a terminal or a log. */
export function formatFaults(faults) {
    return faults.map(({ path, message }) => `${path}: ${message}\n`).join('');
}
/** Prefixes of the credentials that people paste into the wrong place. */
const credential = /kdv_live_|kgw_|whsec_/i;
const MAX_NAME_LENGTH = 64;
/**
 * `name` as it may be shown: names come from the config's author and can be anything, a pasted token or
 * terminal control characters included.
 */
export function showName(name) {
    if (credential.test(name))
        return '(withheld: looks like a credential)';
    const short = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
    return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
}
function renderSegment(segment) {
    const text = String(segment);
    const plain = /^[A-Za-z0-9_$-]{1,64}$/.test(text) && !credential.test(text);
    return plain ? text : showName(text);
}
