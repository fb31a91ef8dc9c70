import * as z from 'zod';
/**
 * What can be read of a config however faulty the rest of it is. Parsing never fails: references and secrets are
 * checked on the outline, so that one run shows all faults.
 */
const text = z.string().optional().catch(undefined);
const texts = z.array(text).catch([]);
const key = z.object({ id: text, sha256: text }).catch({});
export const outlineSchema = z
    .object({
    ledger: z.object({ kind: text, url: text }).catch({}),
    accounts: z.record(z.string(), z.object({ token: text, nextToken: text }).catch({})).catch({}),
    tenants: z
        .record(z.string(), z
        .object({ account: text, phoneNumberIds: texts, keys: z.array(key).catch([]) })
        .catch({ account: undefined, phoneNumberIds: [], keys: [] }))
        .catch({}),
})
    .catch({ ledger: {}, accounts: {}, tenants: {} });
