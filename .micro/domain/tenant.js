/** Who calls, on whose account, with which limits; and the box that upstream tokens travel in. */
const REDACTED = '[redacted]';
/**
 * Holds a secret so that it cannot be printed by accident: string conversion, JSON, template literals and
 * `util.inspect` all give `[redacted]`. `reveal()` is the only way out and is called where headers are built.
 */
export class Secret {
    #value;
    constructor(value) {
        this.#value = value;
    }
    reveal() {
        return this.#value;
    }
    toString() {
        return REDACTED;
    }
    toJSON() {
        return REDACTED;
    }
    [Symbol.toPrimitive]() {
        return REDACTED;
    }
    /** The hook that Node's `util.inspect` and `console` look for. */
    [Symbol.for('nodejs.util.inspect.custom')]() {
        return REDACTED;
    }
}
/** Whether `text` repeats a token of the account. */
export const holdsToken = ({ token, nextToken }, text) => text.includes(token.reveal()) || (nextToken !== undefined && text.includes(nextToken.reveal()));
export const scopes = ['messages:send', 'read'];
/** Meta's id of a sending number (upstream contract §1). */
export const phoneNumberIdPattern = /^\d{6,20}$/;
/** Whether `tenant` may use the number; a malformed id is as unknown as a foreign one. */
export function mayUseNumber(tenant, phoneNumberId) {
    if (!phoneNumberIdPattern.test(phoneNumberId))
        return false;
    return tenant.phoneNumberIds === '*' || tenant.phoneNumberIds.has(phoneNumberId);
}
