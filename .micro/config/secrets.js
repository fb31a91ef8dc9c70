import { Secret } from '../domain/tenant.js';
import { fault, showName } from './faults.js';
/** Looks up every secret that the config names. */
export function resolveSecrets({ accounts, ledger }, source) {
    const secrets = new Map();
    const faults = [];
    const resolve = (written, path) => {
        if (written === undefined || secrets.has(written))
            return;
        const found = lookUp(written, source);
        if (found === undefined)
            return;
        if (found.ok)
            secrets.set(written, new Secret(found.value));
        else
            faults.push(fault(path, found.message));
    };
    for (const [id, { token, nextToken }] of Object.entries(accounts)) {
        resolve(token, ['accounts', id, 'token']);
        resolve(nextToken, ['accounts', id, 'nextToken']);
    }
    resolve(ledger.url, ['ledger', 'url']);
    return { secrets, faults };
}
const refused = (message) => ({ ok: false, message });
/** Undefined: not written as a reference, which is a fault of the shape and reported there. */
function lookUp(written, source) {
    if (/^sealed:v1:./.test(written)) {
        return refused('sealed secrets are not supported yet; use env:NAME or file:/absolute/path');
    }
    const name = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(written)?.[1];
    if (name !== undefined)
        return readVariable(name, source);
    const path = /^file:(\/.+)$/.exec(written)?.[1];
    if (path !== undefined)
        return readFile(path, source);
    return undefined;
}
function readVariable(name, source) {
    const variable = `environment variable ${showName(name)}`;
    const value = source.env(name);
    // Not a string: Workers bindings can be objects, and `process.env` inherits from Object.prototype.
    if (typeof value !== 'string')
        return refused(`${variable} is not set`);
    return usable(value, variable);
}
function readFile(path, source) {
    if (source.file === undefined)
        return refused('files cannot be read in this runtime; use env:NAME');
    const file = `file ${showName(path)}`;
    try {
        return usable(source.file(path).replace(/(\r?\n)+$/, ''), file);
    }
    catch (error) {
        const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
        return refused(`${file} cannot be read${code}`);
    }
}
/** Only what can stand in an HTTP header after `Bearer ` is a token (RFC 9110 §5.5, RFC 6750 §2.1). */
function usable(value, origin) {
    if (value === '')
        return refused(`${origin} is empty`);
    if (!/^[\x21-\x7e]+$/.test(value))
        return refused(`${origin} holds blanks or characters outside visible ASCII`);
    return { ok: true, value };
}
