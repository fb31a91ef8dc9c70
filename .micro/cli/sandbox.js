import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { demoPhoneNumberIds, demoToken } from '../sandbox/organisation.js';
import { serveSandbox } from '../sandbox/serve.js';
import { CommandError, usageError } from './io.js';
const options = {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8788' },
    token: { type: 'string', default: demoToken },
    'write-per-minute': { type: 'string', default: '6000' },
    'read-per-minute': { type: 'string', default: '60000' },
};
/** `sandbox`: the fake upstream alone, until SIGTERM or SIGINT (`stopped` stands in for them in tests). */
export async function sandbox(args, io, stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])) {
    const { values } = parseArgs({ args: [...args], options });
    const { host, token } = values;
    if (!/^\S+$/.test(token))
        throw usageError('--token must not be empty or hold blanks');
    const running = await serveSandbox({
        host,
        port: readNumber('--port', values.port, 0, 65_535),
        organisations: [{ tokens: [token], phoneNumberIds: demoPhoneNumberIds }],
        writePerMinute: readNumber('--write-per-minute', values['write-per-minute'], 1, 1e9),
        readPerMinute: readNumber('--read-per-minute', values['read-per-minute'], 1, 1e9),
    }).catch((error) => {
        throw error.syscall === undefined ? error : new CommandError(1, `cannot listen on ${host}: ${error.code}`);
    });
    io.out(`The sandbox upstream is at ${running.baseUrl}

Send a message:
  curl ${running.baseUrl}/${demoPhoneNumberIds[0]}/messages \\
    -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -H 'Idempotency-Key: first' \\
    -d '{"messaging_product":"whatsapp","to":"+14155550123","type":"text","text":{"body":"Hello"}}'

What it has seen: ${running.url}/_sandbox/stats, ${running.url}/_sandbox/requests?last=5
Recipients that make it fail: docs/sandbox.md
`);
    await stopped;
    await running.close();
    return 0;
}
function readNumber(name, text, min, max) {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max)
        return value;
    throw usageError(`${name} must be a whole number from ${min} to ${max}`);
}
