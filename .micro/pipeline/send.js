import { canonicalJson, derivedKeyBytes, fingerprintOf, fingerprintText } from '../domain/fingerprint.js';
import { parseMessage } from '../domain/message.js';
import { jsonObject } from '../domain/upstream-error.js';
import { exchange, leaseMs, shareOf, tokensOf } from './exchange.js';
/** How long a duplicate waits for the answer of the request in flight (interface §6). */
const DUPLICATE_WAIT_MS = 30_000;
/** One POST: fingerprint, derived key, and the line that every relayed request takes. */
export async function send(ports, submission) {
    const { requestId, credential, phoneNumberId, message, clientKey } = submission;
    const { tenant } = credential;
    const path = `/${phoneNumberId}/messages`;
    // The canonical form goes upstream, so that equal fingerprints mean equal bytes there too.
    const body = canonicalJson(message.body);
    const fingerprint = async (canonicalBody) => fingerprintOf(await ports.digest.sha256(fingerprintText('POST', path, canonicalBody)));
    const slot = clientKey !== undefined && {
        key: clientKey,
        fingerprint: await fingerprint(body),
        body,
        waitMs: DUPLICATE_WAIT_MS,
    };
    return exchange(ports, {
        operation: message.kind,
        account: tenant.account,
        entry: {
            account: tenant.account.id,
            tenant: tenant.id,
            owner: requestId,
            leaseMs: leaseMs(ports.timeoutMs),
            charge: writeCharge(tenant, message.kind === 'send'),
            ...(slot && { slot }),
        },
        matches: (earlier) => normalisedAgain(earlier, ports, tenant) === body,
        call: async (earlier) => ({
            method: 'POST',
            path,
            account: tenant.account.id,
            ...tokensOf(tenant.account),
            requestId,
            idempotencyKey: await ports.digest.hmac(derivedKeyBytes(tenant.id, clientKey ?? ownKey(requestId))),
            body: earlier ?? body,
        }),
    });
}
/** The canonical form that a body gets which an earlier release has normalised; undefined: it is valid no more. */
function normalisedAgain(body, { replyButtonsAs }, { defaultCountry }) {
    const value = jsonObject(body);
    const parsed = value && parseMessage(value, { defaultCountry, replyButtonsAs });
    return parsed?.ok ? canonicalJson(parsed.message.body) : undefined;
}
/** The key of a request that brought none. The blank keeps it apart from every key a caller can give. */
const ownKey = (requestId) => ` ${requestId}`;
/** Read receipts spend write tokens but are no messages (interface §6). */
export function writeCharge(tenant, isMessage) {
    const { account, quotas } = tenant;
    return {
        class: 'write',
        tenantPerMinute: quotas.writePerMinute,
        accountPerMinute: account.writePerMinute,
        maxConcurrent: quotas.maxConcurrent,
        share: shareOf(tenant),
        ...(isMessage && { message: messageLimits(quotas) }),
    };
}
const messageLimits = ({ messagesPerDay, messagesPerMonth }) => ({
    ...(messagesPerDay !== undefined && { perDay: messagesPerDay }),
    ...(messagesPerMonth !== undefined && { perMonth: messagesPerMonth }),
});
