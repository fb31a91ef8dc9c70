import { fault } from '../config/faults.js';
import { readJson } from '../config/json-source.js';
import { loadConfig } from '../config.js';
import { withoutSecrets } from './config-file.js';
/**
 * Adds `entry` to the keys of `tenant` in the config `text`; everything else keeps its order. Refused with faults
 * when the tenant is unknown, the id is taken, or the config would not load (its secrets aside).
 */
export function insertKey(text, tenant, entry) {
    const source = readJson(text);
    if (!source.ok)
        return { ok: false, faults: [source.fault] };
    if (source.faults.length > 0)
        return { ok: false, faults: source.faults };
    const found = member(member(source.value, 'tenants'), tenant);
    if (found === undefined)
        return refused(['tenants', tenant], 'there is no such tenant');
    const keys = member(found, 'keys');
    if (!Array.isArray(keys))
        return refused(['tenants', tenant, 'keys'], 'must be a list');
    const taken = keys.findIndex((key) => member(key, 'id') === entry.id);
    if (taken >= 0)
        return refused(['tenants', tenant, 'keys', taken, 'id'], 'is taken; choose another with --id');
    keys.push(entry);
    const changed = `${JSON.stringify(source.value, null, 2)}\n`;
    const loaded = loadConfig(changed, withoutSecrets);
    return loaded.ok ? { ok: true, text: changed } : loaded;
}
const refused = (path, message) => ({
    ok: false,
    faults: [fault(path, message)],
});
function member(value, name) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return has ? Reflect.get(value, name) : undefined;
}
