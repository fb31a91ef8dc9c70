/** Turns what zod found in `body` into the fault to report. */
export function faultOf(error, body) {
    const [issue] = error.issues;
    if (issue === undefined)
        throw new Error('a ZodError without issues');
    const param = issue.path.join('.');
    const found = valueAt(body, issue.path);
    const code = found === undefined ? 'missing_required_field' : 'invalid_field_value';
    const say = (rule) => `\`${param}\` ${rule}`;
    if (issue.code === 'custom') {
        const isPhone = issue.params?.code === 'invalid_phone_number';
        return { code: isPhone ? 'invalid_phone_number' : code, param, message: say(issue.message) };
    }
    return { code, param, message: say(found === undefined ? 'is required.' : ruleOf(issue, found)) };
}
function valueAt(body, path) {
    let value = body;
    for (const key of path) {
        if (typeof value !== 'object' || value === null)
            return undefined;
        value = Reflect.get(value, key);
    }
    return value;
}
/** The rules that are zod's own; all others bring their text along. */
function ruleOf(issue, found) {
    switch (issue.code) {
        case 'invalid_value': {
            const [first, ...others] = issue.values.map(String);
            const allowed = others.length === 0 ? `"${first}"` : `one of ${[first, ...others].join(', ')}`;
            return `must be ${allowed}${isWord(found) ? `; it is "${found}"` : ''}.`;
        }
        case 'invalid_type':
            return issue.expected === 'never' ? issue.message : `must be ${typeNames[issue.expected] ?? 'valid'}.`;
        default:
            return 'is not valid.';
    }
}
const typeNames = {
    string: 'a string',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
};
/** Short words are safe to quote where a word was expected; anything else may be private. */
const isWord = (value) => typeof value === 'string' && /^[A-Za-z_]{1,24}$/.test(value);
