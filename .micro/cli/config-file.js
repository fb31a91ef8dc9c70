import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ledgerKinds } from '../config/schema.js';
import { CommandError } from './io.js';
/** Loads configs without their secrets, for commands that only look at tenants and keys. */
export const withoutSecrets = {
    secrets: { env: () => 'not-read', file: () => 'not-read' },
    ledgers: ledgerKinds,
    defaultLedger: 'memory',
};
/** The path that was given, else `GATEWAY_CONFIG`. */
export function configPath(given, env) {
    return given ?? (env.GATEWAY_CONFIG || undefined);
}
/** The text of the config file, or a `CommandError` that says why it cannot be read. */
export async function readConfigFile(path) {
    try {
        return await readFile(path, 'utf8');
    }
    catch (error) {
        throw new CommandError(1, `${path} cannot be read${reason(error)}`);
    }
}
/**
 * Replaces the text of the file at `path` in one step: a reader sees the old or the new text, never half of one.
 * Mode and owner stay; a symbolic link stays a link. Throws a `CommandError` and leaves all as it was on failure.
 */
export async function replaceConfigFile(path, text) {
    try {
        const target = await realpath(path);
        const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
        await writeLike(target, temporary, text);
        await rename(temporary, target).catch(async (error) => {
            await rm(temporary, { force: true });
            throw error;
        });
    }
    catch (error) {
        throw new CommandError(1, `${path} cannot be written${reason(error)}`);
    }
}
async function writeLike(model, path, text) {
    const { mode, uid, gid } = await stat(model);
    const file = await open(path, 'wx', 0o600);
    try {
        const own = await file.stat();
        // A gateway that runs as another user must still be able to read the file.
        if (own.uid !== uid || own.gid !== gid)
            await file.chown(uid, gid);
        await file.chmod(mode & 0o7777);
        await file.writeFile(text);
        await file.sync();
    }
    catch (error) {
        await rm(path, { force: true });
        throw error;
    }
    finally {
        await file.close();
    }
}
const reason = (error) => error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
