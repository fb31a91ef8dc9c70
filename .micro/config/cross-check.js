import { fault, renderPath, showName } from './faults.js';
import { idPattern, idRule, ledgerKinds } from './schema.js';
/** The faults that no single place shows: ids, references, things given twice, a ledger this runtime lacks. */
export function crossCheck(outline, ledgers, defaultLedger) {
    return [
        ...checkLedger(outline.ledger, ledgers, defaultLedger),
        ...checkIds(outline),
        ...checkAccounts(outline),
        ...checkKeys(outline),
        ...checkNumbers(outline),
    ];
}
function* checkLedger(ledger, ledgers, defaultLedger) {
    const kind = ledgerKinds.find((each) => each === (ledger.kind ?? defaultLedger));
    if (kind === undefined)
        return;
    if (!ledgers.includes(kind)) {
        const available = ledgers.join(', ');
        yield fault(['ledger', 'kind'], `${kind} is not available in this runtime; available: ${available}`);
    }
    if (kind === 'redis' && ledger.url === undefined)
        yield fault(['ledger', 'url'], 'is required by redis');
    if (kind !== 'redis' && ledger.url !== undefined) {
        yield fault(['ledger', 'url'], `is for redis only; the ledger is ${kind}`);
    }
}
function* checkIds({ accounts, tenants }) {
    for (const [section, parts] of Object.entries({ accounts, tenants })) {
        for (const id of Object.keys(parts)) {
            if (!idPattern.test(id))
                yield fault([section, id], `is no id: it ${idRule}`);
        }
    }
}
function* checkAccounts({ accounts, tenants }) {
    for (const [id, { account }] of Object.entries(tenants)) {
        if (account === undefined || Object.hasOwn(accounts, account))
            continue;
        yield fault(['tenants', id, 'account'], `names an account that is not under "accounts": ${showName(account)}`);
    }
}
/** Key ids are unique within a tenant; a hash opens one tenant, so it is unique everywhere. */
function* checkKeys({ tenants }) {
    const hashes = new Map();
    for (const [tenant, { keys }] of Object.entries(tenants)) {
        const ids = new Set();
        for (const [index, { id, sha256 }] of keys.entries()) {
            const path = ['tenants', tenant, 'keys', index];
            if (id !== undefined) {
                if (ids.has(id))
                    yield fault([...path, 'id'], 'is used by another key of this tenant');
                ids.add(id);
            }
            if (sha256 === undefined)
                continue;
            const first = hashes.get(sha256);
            if (first === undefined)
                hashes.set(sha256, path);
            else
                yield fault([...path, 'sha256'], `is the same as at ${renderPath(first)}`);
        }
    }
}
/** A number belongs to one account; listed under two, one of them would send with the wrong token. */
function* checkNumbers({ accounts, tenants }) {
    const owners = new Map();
    for (const [tenant, { account, phoneNumberIds }] of Object.entries(tenants)) {
        if (account === undefined || !Object.hasOwn(accounts, account))
            continue;
        for (const [index, number] of phoneNumberIds.entries()) {
            if (number === undefined || number === '*')
                continue;
            const owner = owners.get(number);
            if (owner === undefined)
                owners.set(number, { account, tenant });
            else if (owner.account !== account) {
                yield fault(['tenants', tenant, 'phoneNumberIds', index], `is also listed by tenant ${showName(owner.tenant)}, which belongs to another account`);
            }
        }
    }
}
