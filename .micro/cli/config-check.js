import { parseArgs } from 'node:util';
import { formatFaults } from '../config/faults.js';
import { decodeGatewaySecret } from '../config/gateway-secret.js';
import { loadConfig } from '../config.js';
import { nodeContext } from '../node/config-source.js';
import { configPath, readConfigFile, withoutSecrets } from './config-file.js';
import { usageError } from './io.js';
/**
 * `config check [path]`: loads the config as `serve` would, secrets included, and prints every fault, or a summary.
 * `GATEWAY_SECRET` is checked when it is set. With `--workers` it is judged as a Worker would, but for the
 * secrets: those are bindings, which are not to be seen from here.
 */
export async function configCheck(args, io) {
    const options = { workers: { type: 'boolean' } };
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    if (positionals.length > 1)
        throw usageError('takes one path');
    const path = configPath(positionals[0], io.env);
    if (path === undefined)
        throw usageError('give a path, or set GATEWAY_CONFIG');
    const context = values.workers ? workersContext : nodeContext(io.env);
    const loaded = loadConfig(await readConfigFile(path), context);
    const written = io.env.GATEWAY_SECRET;
    const secret = decodeGatewaySecret(written);
    const faults = [...(loaded.ok ? [] : loaded.faults), ...(secret.ok || !written ? [] : [secret.fault])];
    if (!loaded.ok || faults.length > 0) {
        io.err(formatFaults(faults));
        return 1;
    }
    io.out(summarise(path, loaded.config));
    if (!written && !values.workers)
        io.err('GATEWAY_SECRET is not set; the gateway will not start without it.\n');
    return 0;
}
/** Workers have no files, so `file:` is a fault there. */
const workersContext = {
    secrets: { env: withoutSecrets.secrets.env },
    ledgers: ['durable-object'],
    defaultLedger: 'durable-object',
};
function summarise(path, { upstream, ledger, accounts, tenants, credentials }) {
    const counts = [
        count(accounts.size, 'account'),
        count(tenants.size, 'tenant'),
        count(credentials.size, 'key'),
    ].join(', ');
    return `${path} is fine: ${counts}; upstream ${upstream.baseUrl}; ledger ${ledger.kind}\n`;
}
const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
