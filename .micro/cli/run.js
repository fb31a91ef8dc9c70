import { CommandError } from './io.js';
const usage = `Usage: kirim-gateway <command>

  serve            start the gateway; without GATEWAY_CONFIG in front of the embedded sandbox
  sandbox          start the sandbox upstream alone
  keys create      --tenant <id> --label <text> [--id <id>] [--expires 90d|2027-01-01T00:00:00Z]
                   [--scopes messages:send,read] [--json] [--write] [--config <path>]
                   make a gateway key; --write adds its entry to the config file
  keys verify      [<key>] [--config <path>]   check a key from stdin or argument
  tokens seal      seal an upstream token for the config file
  config check     [<path>] [--workers]        print every fault of a config, as Node or a Worker reads it
  config schema    print the JSON Schema of the config file

<path> defaults to GATEWAY_CONFIG.
`;
/** Each command loads only what it needs. */
const commands = new Map([
    ['serve', async () => (await import('./serve.js')).serve],
    ['sandbox', async () => (await import('./sandbox.js')).sandbox],
    ['keys create', async () => (await import('./keys-create.js')).keysCreate],
    ['keys verify', async () => (await import('./keys-verify.js')).keysVerify],
    ['tokens seal', async () => (await import('./tokens-seal.js')).tokensSeal],
    ['config check', async () => (await import('./config-check.js')).configCheck],
    ['config schema', async () => (await import('./config-schema.js')).configSchemaCommand],
]);
/** Runs the command that `argv` names (without the program's own name). Resolves to the exit code; see `Command`. */
export async function run(argv, io) {
    const words = argv.slice(0, 2).join(' ');
    const name = [words, argv[0] ?? ''].find((each) => commands.has(each));
    const asksForHelp = argv.length === 0 || argv[0] === 'help' || argv.includes('--help') || argv.includes('-h');
    if (asksForHelp) {
        io.out(usage);
        return 0;
    }
    const load = name === undefined ? undefined : commands.get(name);
    if (name === undefined || load === undefined) {
        io.err(`kirim-gateway: there is no such command\n\n${usage}`);
        return 2;
    }
    const command = await load();
    try {
        return await command(argv.slice(name.split(' ').length), io);
    }
    catch (error) {
        const exitCode = exitCodeOf(error);
        if (exitCode === undefined || !(error instanceof Error))
            throw error;
        const hint = exitCode === 2 ? 'See kirim-gateway help.\n' : '';
        io.err(`kirim-gateway ${name}: ${error.message}\n${hint}`);
        return exitCode;
    }
}
/** Undefined: not meant for the terminal but a bug. */
function exitCodeOf(error) {
    if (error instanceof CommandError)
        return error.exitCode;
    // What `parseArgs` of node:util throws.
    const isParseError = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
    return isParseError ? 2 : undefined;
}
