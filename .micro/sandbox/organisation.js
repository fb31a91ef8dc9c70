/** Who may call the sandbox: organisations, their bearer tokens and their sending numbers. */
import { stableId } from './id.js';
/** The token that works when none is configured; `kdv_live_` + 24 characters (upstream contract §1). */
export const demoToken = 'kdv_live_sandbox_demo_token_00001';
export const demoPhoneNumberIds = ['106540352242922', '106540352242923', '117650463353033'];
/** Makes the check of an `Authorization` header: gives the bearer, or a 401 refusal. */
export function createAuthenticate(organisations) {
    const bearers = new Map();
    for (const [index, { name, tokens, expiredTokens = [], phoneNumberIds }] of organisations.entries()) {
        const organisation = {
            id: stableId('org', String(index)),
            name: name ?? `Sandbox organisation ${index + 1}`,
            phoneNumberIds: new Set(phoneNumberIds),
        };
        for (const token of tokens)
            bearers.set(token, { organisation, token, expired: false });
        for (const token of expiredTokens)
            bearers.set(token, { organisation, token, expired: true });
    }
    return (authorization) => {
        const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
        const bearer = token === undefined ? undefined : bearers.get(token);
        if (bearer === undefined)
            return { code: 'invalid_api_key', message: 'The API key is not valid.' };
        if (bearer.expired)
            return { code: 'expired_api_key', message: 'The API key has expired.' };
        return bearer;
    };
}
