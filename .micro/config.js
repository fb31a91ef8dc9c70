import { checkShape } from './config/check-shape.js';
import { crossCheck } from './config/cross-check.js';
import { readJson } from './config/json-source.js';
import { outlineSchema } from './config/outline.js';
import { resolveSecrets } from './config/secrets.js';
/** Loads the JSON `text` of a config (interface §3). On failure gives all faults at once, none with a secret. */
export function loadConfig(text, context) {
    const source = readJson(text);
    if (!source.ok)
        return { ok: false, faults: [source.fault] };
    const outline = outlineSchema.parse(source.value);
    const shape = checkShape(source.value);
    const { secrets, faults: secretFaults } = resolveSecrets(outline, context.secrets);
    const faults = [
        ...source.faults,
        ...(shape.ok ? [] : shape.faults),
        ...crossCheck(outline, context.ledgers, context.defaultLedger),
        ...secretFaults,
    ];
    if (!shape.ok || faults.length > 0)
        return { ok: false, faults };
    return { ok: true, config: build(shape.value, secrets, context.defaultLedger) };
}
function build(shape, secrets, defaultLedger) {
    const secretAt = (written) => present(secrets.get(written));
    const accounts = new Map();
    const tenants = new Map();
    const credentials = new Map();
    const weightsOf = new Map();
    for (const { account, weight } of Object.values(shape.tenants)) {
        weightsOf.set(account, (weightsOf.get(account) ?? 0) + weight);
    }
    for (const [id, { token, nextToken, writePerMinute, readPerMinute }] of Object.entries(shape.accounts)) {
        const next = nextToken === undefined ? {} : { nextToken: secretAt(nextToken) };
        const weights = weightsOf.get(id) ?? 0;
        accounts.set(id, { id, token: secretAt(token), ...next, writePerMinute, readPerMinute, weights });
    }
    for (const [id, written] of Object.entries(shape.tenants)) {
        const tenant = buildTenant(id, written, present(accounts.get(written.account)));
        tenants.set(id, tenant);
        for (const key of written.keys)
            credentials.set(key.sha256, { tenant, key: buildKey(key) });
    }
    const kind = shape.ledger.kind ?? defaultLedger;
    const ledger = kind === 'redis'
        ? { kind, url: secretAt(present(shape.ledger.url)), onOutage: shape.ledger.onOutage }
        : { kind };
    return { upstream: shape.upstream, ledger, accounts, tenants, credentials };
}
function buildTenant(id, written, account) {
    const { phoneNumberIds, defaultCountry, weight, suspended } = written;
    const { messagesPerDay, messagesPerMonth, ...rates } = written.quotas;
    return {
        id,
        account,
        phoneNumberIds: phoneNumberIds === '*' || phoneNumberIds.includes('*') ? '*' : new Set(phoneNumberIds),
        ...(defaultCountry !== undefined && { defaultCountry }),
        quotas: {
            ...rates,
            ...(messagesPerDay !== undefined && { messagesPerDay }),
            ...(messagesPerMonth !== undefined && { messagesPerMonth }),
        },
        weight,
        suspended,
    };
}
function buildKey({ id, label, expiresAt, scopes }) {
    return {
        id,
        ...(label !== undefined && { label }),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(scopes !== undefined && { scopes: new Set(scopes) }),
    };
}
/** The checks before have made sure of it; a miss is a bug in them. */
function present(value) {
    if (value === undefined)
        throw new Error('the config was built in spite of a fault');
    return value;
}
