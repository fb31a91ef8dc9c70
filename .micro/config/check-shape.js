import { fault } from './faults.js';
import { configSchema } from './schema.js';
/** Holds `raw` against the schema: the value with its defaults, or every fault of its shape. */
export function checkShape(raw) {
    const parsed = configSchema.safeParse(raw, { error: describe });
    if (parsed.success)
        return { ok: true, value: parsed.data };
    return { ok: false, faults: parsed.error.issues.flatMap((issue) => toFaults(issue, [])) };
}
/** Where the schema does not word the fault itself. No message repeats the value it is about. */
function describe(issue) {
    if (issue.code === 'invalid_type') {
        if (issue.input === undefined)
            return 'is required';
        return `must be ${kinds[issue.expected] ?? issue.expected}`;
    }
    if (issue.code === 'invalid_value')
        return `must be one of ${issue.values.map(String).join(', ')}`;
    return undefined;
}
const kinds = {
    object: 'an object',
    record: 'an object',
    array: 'a list',
    string: 'a string',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
};
function toFaults(issue, above) {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => fault([...path, key], issue.message));
    if (issue.code === 'invalid_union') {
        // The alternative that got past the outermost value is the one that was meant; none did: the union's own words.
        const meant = issue.errors.find((issues) => issues.some((each) => each.path.length > 0));
        if (meant !== undefined)
            return meant.flatMap((each) => toFaults(each, path));
    }
    return [fault(path, issue.message)];
}
