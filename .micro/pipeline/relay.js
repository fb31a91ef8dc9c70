import { exchange, leaseMs, shareOf, tokensOf } from './exchange.js';
/** One GET: the same custody, quota and error rules as a send, without a key. */
export function relay(ports, { requestId, credential, operation, path }) {
    const { tenant } = credential;
    const { account } = tenant;
    return exchange(ports, {
        operation,
        account,
        entry: {
            account: account.id,
            tenant: tenant.id,
            owner: requestId,
            leaseMs: leaseMs(ports.timeoutMs),
            charge: readCharge(tenant),
        },
        call: () => ({ method: 'GET', path, account: account.id, ...tokensOf(account), requestId }),
    });
}
export function readCharge(tenant) {
    const { account, quotas } = tenant;
    return {
        class: 'read',
        tenantPerMinute: quotas.readPerMinute,
        accountPerMinute: account.readPerMinute,
        maxConcurrent: quotas.maxConcurrent,
        share: shareOf(tenant),
    };
}
