import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { formatFaults } from '../config/faults.js';
import { idPattern, idRule } from '../config/schema.js';
import { createGatewayKey } from '../domain/gateway-key.js';
import { scopes } from '../domain/tenant.js';
import { configPath, readConfigFile, replaceConfigFile } from './config-file.js';
import { insertKey } from './insert-key.js';
import { usageError } from './io.js';
const options = {
    tenant: { type: 'string' },
    label: { type: 'string' },
    id: { type: 'string' },
    expires: { type: 'string' },
    scopes: { type: 'string' },
    config: { type: 'string' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
};
/**
 * `keys create`: prints a new key (stdout, first line; this one time only) and its config entry, which holds the
 * key's hash and not the key. With `--write` the entry goes into the config file instead.
 */
export async function keysCreate(args, io) {
    const { values } = parseArgs({ args, options });
    const { tenant, label } = values;
    if (tenant === undefined || label === undefined)
        throw usageError('--tenant and --label are required');
    if (!idPattern.test(tenant))
        throw usageError(`--tenant ${idRule}`);
    const key = createGatewayKey(randomBytes);
    const entry = {
        id: readId(values.id, label),
        sha256: createHash('sha256').update(key).digest('hex'),
        label,
        ...(values.expires !== undefined && { expiresAt: readExpiry(values.expires, io.now()) }),
        ...(values.scopes !== undefined && { scopes: readScopes(values.scopes) }),
    };
    if (values.write) {
        const path = configPath(values.config, io.env);
        if (path === undefined)
            throw usageError('--write needs --config <path> or GATEWAY_CONFIG');
        const inserted = insertKey(await readConfigFile(path), tenant, entry);
        if (!inserted.ok) {
            io.err(`${formatFaults(inserted.faults)}Nothing was written to ${path}.\n`);
            return 1;
        }
        await replaceConfigFile(path, inserted.text);
        io.err(`Added ${entry.id} to tenant ${tenant} in ${path}.\n`);
    }
    else if (!values.json) {
        io.err(`Add the entry below to "keys" of tenant ${tenant} in the config file.\n`);
    }
    if (values.json)
        io.out(`${JSON.stringify({ key, entry }, null, 2)}\n`);
    else
        io.out(values.write ? `${key}\n` : `${key}\n${JSON.stringify(entry, null, 2)}\n`);
    io.err('The key is shown this one time only; the config holds just its hash.\n');
    return 0;
}
/** Without `--id` the id is made from the label: `CI runner` → `key_ci-runner`. */
function readId(given, label) {
    if (given !== undefined) {
        if (!idPattern.test(given))
            throw usageError(`--id ${idRule}`);
        return given;
    }
    const words = label.toLowerCase().match(/[a-z0-9_]+/g);
    if (words === null)
        throw usageError('no id can be made from this label; give one with --id');
    return `key_${words.join('-')}`.slice(0, 64);
}
const DAY_MS = 86_400_000;
/** `90d`, or a date and time with offset; gives ISO 8601 in UTC, whole seconds. It must lie in the future. */
function readExpiry(text, now) {
    const days = /^(\d{1,5})d$/.exec(text)?.[1];
    const at = days === undefined ? readTime(text) : now + Number(days) * DAY_MS;
    if (at <= now)
        throw usageError('--expires must lie in the future');
    return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
function readTime(text) {
    if (z.iso.datetime({ offset: true }).safeParse(text).success)
        return Date.parse(text);
    throw usageError('--expires must be a number of days (90d) or a time (2027-01-01T00:00:00Z)');
}
function readScopes(text) {
    const read = z.array(z.enum(scopes)).safeParse(text.split(',').map((scope) => scope.trim()));
    if (!read.success)
        throw usageError(`--scopes must be a list of ${scopes.join(', ')}`);
    return [...new Set(read.data)];
}
