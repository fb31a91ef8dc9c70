import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { loadConfig } from '../config.js';
/** How configs are read on Node: secrets from `variables` and from files, and the ledgers that run here. */
export const nodeContext = (variables) => ({
    secrets: { env: (name) => variables[name], file: (path) => readFileSync(path, 'utf8') },
    ledgers: ['memory', 'redis'],
    defaultLedger: 'memory',
});
/** How often the file is looked at. Polling also sees files that are replaced through links, as in Kubernetes. */
const POLL_MS = 1000;
/** A config file, its secrets from `variables` and from files. */
export function configFile(path, variables) {
    let seen;
    const read = () => {
        try {
            seen = readFileSync(path, 'utf8');
            return seen;
        }
        catch (error) {
            const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
            return { path: 'GATEWAY_CONFIG', message: `the file cannot be read${code}` };
        }
    };
    return {
        load() {
            const text = read();
            if (typeof text !== 'string')
                return { ok: false, faults: [text] };
            return loadConfig(text, nodeContext(variables));
        },
        watch(changed) {
            const look = () => {
                const before = seen;
                if (read() !== before)
                    changed();
            };
            watchFile(path, { interval: POLL_MS, persistent: false }, look);
            return () => unwatchFile(path, look);
        },
    };
}
/** A config that never changes. */
export const fixedConfig = (config) => ({
    load: () => ({ ok: true, config }),
    watch: () => () => { },
});
