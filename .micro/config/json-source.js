import { fault } from './faults.js';
/**
 * Parses `text`. Beside `JSON.parse` the text is walked once more, because the engine's own error messages quote the
 * source (and with it a pasted token), do not always say where, and because a name that is given twice
 * (a second `"billing"`, a second `"suspended"`) would silently lose its first value.
 */
export function readJson(text) {
    const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
    const walked = walk(source);
    if (!walked.ok) {
        const before = source.slice(0, walked.offset).split('\n');
        const column = (before.at(-1) ?? '').length + 1;
        const where = `line ${before.length}, column ${column}`;
        return { ok: false, fault: fault([], `not JSON at ${where}: expected ${walked.expected}`) };
    }
    return { ok: true, value: JSON.parse(source), faults: walked.faults };
}
/** What may come next, by the grammar of RFC 8259; the text is shown to the reader. */
const next = {
    value: 'a value',
    firstItem: 'a value or "]"',
    firstName: 'a quoted name or "}"',
    name: 'a quoted name',
    colon: '":"',
    afterItem: '"," or "]"',
    afterMember: '"," or "}"',
    end: 'the end of the text',
};
const blank = /[ \t\r\n]*/y;
const token = 
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings hold no raw control characters
/[{}[\],:]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
function walk(source) {
    const frames = [];
    const faults = [];
    let state = 'value';
    let offset = 0;
    const afterValue = () => {
        const frame = frames.at(-1);
        return frame === undefined ? 'end' : frame.kind === 'object' ? 'afterMember' : 'afterItem';
    };
    const enter = (name, frame) => {
        frame.name = name;
        const path = () => frames.map((each) => (each.kind === 'object' ? each.name : each.index));
        if (frame.names.has(name))
            faults.push(fault(path(), 'is given twice; keep one of the two'));
        // Object builders skip this name, so that its value would vanish without a word.
        if (name === '__proto__')
            faults.push(fault(path(), 'is not a name that can be used'));
        frame.names.add(name);
    };
    for (;;) {
        blank.lastIndex = offset;
        blank.test(source);
        offset = blank.lastIndex;
        if (state === 'end' && offset === source.length)
            return { ok: true, faults };
        token.lastIndex = offset;
        const found = token.exec(source)?.[0];
        const frame = frames.at(-1);
        const refused = { ok: false, offset, expected: next[state] };
        if (found === undefined)
            return refused;
        if (state === 'value' || state === 'firstItem') {
            if (found === '{') {
                frames.push({ kind: 'object', names: new Set(), name: '' });
                state = 'firstName';
            }
            else if (found === '[') {
                frames.push({ kind: 'list', index: 0 });
                state = 'firstItem';
            }
            else if (found === ']' && state === 'firstItem') {
                frames.pop();
                state = afterValue();
            }
            else if (/^[}\],:]/.test(found))
                return refused;
            else
                state = afterValue();
        }
        else if (state === 'colon') {
            if (found !== ':')
                return refused;
            state = 'value';
        }
        else if (frame?.kind === 'object' && state !== 'end') {
            if (found === '}' && state !== 'name') {
                frames.pop();
                state = afterValue();
            }
            else if (state === 'afterMember') {
                if (found !== ',')
                    return refused;
                state = 'name';
            }
            else {
                if (!found.startsWith('"'))
                    return refused;
                enter(JSON.parse(found), frame);
                state = 'colon';
            }
        }
        else if (frame?.kind === 'list' && state !== 'end') {
            if (found === ']') {
                frames.pop();
                state = afterValue();
            }
            else if (found === ',') {
                frame.index += 1;
                state = 'value';
            }
            else
                return refused;
        }
        else
            return refused;
        offset += found.length;
    }
}
