import { formatFaults } from '../config/faults.js';
import { demoCurl } from '../node/demo.js';
import { startGateway } from '../node.js';
import { usageError } from './io.js';
/** `serve`: starts the gateway, and ends it gracefully on SIGTERM and SIGINT. SIGHUP reloads the config. */
export async function serve(args, io) {
    if (args.length > 0)
        throw usageError('serve takes no arguments; it is configured by environment variables');
    let running;
    let stopping = false;
    const stop = () => {
        // A terminal and npm may both deliver a signal: the second must not cut off what the first waits for.
        if (stopping)
            return;
        stopping = true;
        if (running === undefined)
            process.exit(0);
        void running.drain().then(() => process.exit(0));
    };
    // In place before the log says that the gateway listens: whoever waits for that may send one at once.
    process.on('SIGHUP', () => running?.reload());
    process.on('SIGTERM', stop).on('SIGINT', stop);
    const started = await startGateway(io.env);
    if (!started.ok) {
        io.err(`kirim-gateway cannot start:\n${formatFaults(started.faults)}`);
        return 1;
    }
    running = started.running;
    if (running.sandboxUrl !== undefined) {
        io.out(`\nkirim-gateway listens on ${running.url}, in front of an embedded sandbox. Try it:\n\n`);
        io.out(`${demoCurl(running.url)}\n\n`);
    }
    return undefined;
}
