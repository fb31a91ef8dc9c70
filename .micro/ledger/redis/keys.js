/** All keys of an account carry its hash tag, so that one call stays in one slot of a cluster. */
const tagged = (account, rest) => `kg:{${account}}:${rest}`;
/** Keys of the meters: those of the tenant, and the account's bucket. */
export const meterKeys = ({ account, tenant, charge }) => [tagged(account, `t:${tenant}`), tagged(account, `b:${charge.class}`)];
/**
 * The keys of one request in the order that the scripts know them by: tenant, account, leases, and with a slot its
 * record and the answer left for those who wait. Neither part of the last two can hold a blank.
 */
export function requestKeys(entry) {
    const { account, tenant, slot } = entry;
    const always = [...meterKeys(entry), tagged(account, `l:${tenant}`)];
    if (slot === undefined)
        return always;
    const row = `${tenant} ${slot.key}`;
    return [...always, tagged(account, `r:${row}`), tagged(account, `a:${row}`)];
}
/** Where the account's settlements are told to those who wait for one. */
export const wakeChannel = (account) => tagged(account, 'w');
/** What is told there: whose key was settled. */
export const wakeTopic = (tenant, key) => `${tenant} ${key}`;
/** A key that nobody ever writes. */
export const PROBE_KEY = 'kg:probe';
