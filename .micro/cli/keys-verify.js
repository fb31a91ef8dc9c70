import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { formatFaults, showName } from '../config/faults.js';
import { loadConfig } from '../config.js';
import { hasValidChecksum } from '../domain/gateway-key.js';
import { configPath, readConfigFile, withoutSecrets } from './config-file.js';
import { usageError } from './io.js';
/**
 * `keys verify`: says whether a key was copied without a slip and, given a config, what it opens. The key comes
 * from stdin, or as an argument (which other users of the machine can see). Exit code 0: with a config, the key
 * opens a tenant and has not expired; without, its checksum is right.
 */
export async function keysVerify(args, io) {
    const { values, positionals } = parseArgs({
        args,
        options: { config: { type: 'string' } },
        allowPositionals: true,
    });
    if (positionals.length > 1)
        throw usageError('takes one key');
    const key = positionals[0] ?? (await io.stdin?.())?.replace(/(\r?\n)+$/, '');
    if (key === undefined || key === '')
        throw usageError('give the key on stdin, or as an argument');
    const intact = hasValidChecksum(key);
    io.out(intact ? 'checksum: ok\n' : 'checksum: wrong (mistyped, cut short, or not made by `keys create`)\n');
    const path = configPath(values.config, io.env);
    if (path === undefined)
        return intact ? 0 : 1;
    const loaded = loadConfig(await readConfigFile(path), withoutSecrets);
    if (!loaded.ok) {
        io.err(formatFaults(loaded.faults));
        return 1;
    }
    const credential = loaded.config.credentials.get(createHash('sha256').update(key).digest('hex'));
    return report(credential, path, io);
}
function report(credential, path, io) {
    if (credential === undefined) {
        io.out(`opens: nothing in ${path}\n`);
        return 1;
    }
    const { tenant, key } = credential;
    const label = key.label === undefined ? '' : ` (${showName(key.label)})`;
    io.out(`opens: tenant ${tenant.id}, key ${key.id}${label}${tenant.suspended ? '; suspended' : ''}\n`);
    if (key.expiresAt === undefined) {
        io.out('expires: never\n');
        return 0;
    }
    const expired = io.now() >= key.expiresAt;
    io.out(`${expired ? 'expired' : 'expires'}: ${new Date(key.expiresAt).toISOString()}\n`);
    return expired ? 1 : 0;
}
