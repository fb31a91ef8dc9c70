import { hash } from 'node:crypto';
import { demoPhoneNumberIds, demoToken } from '../sandbox/organisation.js';
/**
 * The gateway key of sandbox mode. It is public on purpose: it opens nothing but an embedded fake, and
 * a fixed key lets the README show a request that works as it stands.
 */
export const demoKey = 'kgw_DemoKeyOfTheSandboxNotASecret0000m9Dtn';
const tokenVariable = 'SANDBOX_TOKEN';
/** Where sandbox mode finds the one secret its config names. */
export const demoVariables = { [tokenVariable]: demoToken };
/** The config of sandbox mode: one demo tenant in front of the sandbox at `baseUrl`. */
export const demoConfig = (baseUrl) => JSON.stringify({
    upstream: { baseUrl },
    accounts: { sandbox: { token: `env:${tokenVariable}`, writePerMinute: 6000, readPerMinute: 60_000 } },
    tenants: {
        demo: {
            account: 'sandbox',
            phoneNumberIds: demoPhoneNumberIds,
            keys: [{ id: 'key_demo', label: 'demo', sha256: hash('sha256', demoKey, 'hex') }],
            quotas: { writePerMinute: 6000, readPerMinute: 60_000, messagesPerDay: 100_000, maxConcurrent: 1000 },
        },
    },
});
/** A request that works when it is pasted into a shell. */
export const demoCurl = (gatewayUrl) => [
    `curl -sS ${gatewayUrl}/v1/${demoPhoneNumberIds[0]}/messages`,
    `-H 'Authorization: Bearer ${demoKey}'`,
    `-H 'Content-Type: application/json'`,
    `-H 'Idempotency-Key: hello-1'`,
    `-d '{"messaging_product":"whatsapp","to":"+14155550123","type":"text","text":{"body":"Hello"}}'`,
].join(' ');
