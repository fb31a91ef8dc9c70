import { createHash } from 'node:crypto';
export const script = (text) => ({
    text,
    sha1: createHash('sha1').update(text).digest('hex'),
});
/**
 * Runs a script in one round trip; in two where the server does not know it: the first time, after a restart, after
 * `SCRIPT FLUSH`. Rejects as `Connection.send` does.
 */
export async function run({ text, sha1 }, connection, keys, args) {
    const rest = [String(keys.length), ...keys, ...args];
    try {
        return await connection.send(keys[0], ['EVALSHA', sha1, ...rest]);
    }
    catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT')))
            throw error;
        return connection.send(keys[0], ['EVAL', text, ...rest]);
    }
}
