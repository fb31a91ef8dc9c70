import { faults } from './faults.js';
import { metaShaped, namedRefusal, numberInServerError, numberInText } from './meta-refusals.js';
const refusedAs = (shape) => (code) => ({ kind: 'refuse', reply: ({ requestId }) => shape(code, requestId) });
export const codeFamilies = [
    { prefix: '+9991', does: "400 with Meta's own error object", act: refusedAs(metaShaped) },
    { prefix: '+9992', does: '502 with the code as numeric `error.code`', act: refusedAs(numberInServerError) },
    {
        prefix: '+9993',
        does: '422 with a name as `error.code` and the code as `error.provider_code`',
        act: refusedAs(namedRefusal),
    },
    {
        prefix: '+9994',
        does: '200; the message then reads `failed` with the code as `provider_code`',
        act: (code) => ({ kind: 'accept', failsWith: code }),
    },
    {
        prefix: '+9995',
        does: '502 with the code nowhere but in the message text',
        act: refusedAs(numberInText),
    },
];
const acts = new Map(faults.map(({ number, act }) => [number, act]));
const families = new Map(codeFamilies.map((family) => [family.prefix, family]));
/**
 * The fault behind a phone number; undefined for an ordinary number, `unknown` for one of the magic range that
 * means nothing (a slip in a test should not pass as a success). One more digit 1–9 at the end of a number
 * whose message is not sent makes the fault go away after so many tries.
 */
export function magicNumber(number) {
    if (!number.startsWith('+999'))
        return undefined;
    const [, base = '', family = '', code = '', tries] = /^((\+999[1-9])(\d{6})|\+9990\d{5})([1-9])?$/.exec(number) ?? [];
    const act = acts.get(base) ?? families.get(family)?.act(Number(code));
    if (act === undefined)
        return 'unknown';
    if (tries === undefined)
        return { act };
    return act.kind === 'accept' ? 'unknown' : { act, firstTries: Number(tries) };
}
