import * as z from 'zod';
// Not as `z.core`: whoever touches that object as a value takes all of zod's locales into the bundle.
import { $ZodAsyncError, config, util } from 'zod/v4/core';
/**
 * `schema.safeParse` that stops at the first fault, as zod's own `validate` does. A body of the allowed size
 * has room for 100,000 faults, and listing them all would take a quarter of a second. This reaches below the
 * public `safeParse`, which has no such option.
 */
export function parseToFirstFault(schema, value) {
    // Always of this one shape: parsing gets several times slower when the engine meets different ones.
    const context = { async: false, abortEarly: true };
    const payload = schema._zod.run({ value, issues: [] }, context);
    if (payload instanceof Promise)
        throw new $ZodAsyncError();
    const [issue] = payload.issues;
    if (issue === undefined)
        return { success: true, data: payload.value };
    const error = new z.ZodError([util.finalizeIssue(issue, context, config())]);
    return { success: false, error };
}
