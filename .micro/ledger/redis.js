import { ErrorReply } from 'redis';
import { openArguments, rateArguments, settleArguments } from './redis/arguments.js';
import { openedFrom, packAnswer, standingsFrom } from './redis/codec.js';
import { createConnection, NotSent } from './redis/connection.js';
import { readEndpoint } from './redis/endpoint.js';
import { meterKeys, requestKeys } from './redis/keys.js';
import { createClusterLink } from './redis/link-cluster.js';
import { createServerLink } from './redis/link-server.js';
import { openScript } from './redis/lua-open.js';
import { settleScript } from './redis/lua-settle.js';
import { standingsScript } from './redis/lua-standings.js';
import { createRetries } from './redis/retries.js';
import { run } from './redis/script.js';
import { topicOf, waitForOwner } from './redis/waiting.js';
import { createWakeUps } from './redis/wake-ups.js';
const COMMAND_TIMEOUT_MS = 1500;
/**
 * The ledger of several gateways on one Redis ≥ 7.0, Valkey or cluster of them: one script and one round trip a verb,
 * by the server's clock. Resolves after the first attempt to connect, also when that fails; while Redis is out of
 * reach the verbs reject. Rejects when the URL is none.
 */
export async function createRedisLedger(options) {
    const { url, clock, telemetry, commandTimeoutMs = COMMAND_TIMEOUT_MS, serverNow } = options;
    const endpoint = readEndpoint(url.reveal());
    const settings = { connectTimeoutMs: commandTimeoutMs };
    const wakeUps = createWakeUps(clock);
    const connection = await createConnection({
        clock,
        commandTimeoutMs,
        makeLink: (events) => endpoint.kind === 'cluster'
            ? createClusterLink(endpoint.urls, settings, events)
            : createServerLink(endpoint.url, settings, events),
        onMessage: (channel, message) => wakeUps.wake(topicOf(channel, message)),
        onState: (reachable) => telemetry.record({ event: 'ledger_state', reachable }),
    });
    const retries = createRetries(clock, connection.isUp);
    const testTime = () => (serverNow === undefined ? '' : String(serverNow()));
    /** How far the server's clock is ahead of `clock.monotonic()`, or a little less: replies take time to arrive. */
    let serverAhead;
    const sync = (serverTime) => {
        serverAhead = serverTime - clock.monotonic();
    };
    const deadline = () => serverAhead === undefined ? '' : String(Math.floor(serverAhead + clock.monotonic() + commandTimeoutMs));
    const lookOnce = async (entry, awaited) => {
        const args = [testTime(), deadline(), ...openArguments(entry, awaited)];
        const reply = (await run(openScript, connection, requestKeys(entry), args));
        sync(reply[1]);
        return reply;
    };
    /** `open` without waiting. */
    const look = async (entry, awaited = '') => {
        const began = clock.monotonic();
        try {
            let reply = await lookOnce(entry, awaited);
            // Late by a clock that was set, or is another node's; it is known better now.
            if (reply[0] === 'late')
                reply = await lookOnce(entry, awaited);
            if (reply[0] === 'late')
                throw new NotSent();
            return reply;
        }
        catch (error) {
            if (!(error instanceof NotSent || error instanceof ErrorReply))
                undo(entry, began + commandTimeoutMs);
            throw error;
        }
    };
    const settle = async (entry, args) => {
        const reply = await run(settleScript, connection, requestKeys(entry), [testTime(), ...args]);
        const [held, serverTime] = reply;
        sync(serverTime);
        return held === 1;
    };
    /** Settles in the background, from a time on `clock.monotonic()` until the lease would end. */
    const settleLater = (entry, args, from) => retries.add({ run: () => settle(entry, args), from, until: from + entry.leaseMs });
    /** The caller hears that nothing was sent: a claim that was made all the same is taken back. */
    const undo = (entry, from) => settleLater(entry, settleArguments(entry, 'release', true, ''), from);
    return {
        async open(entry) {
            const { slot, charge } = entry;
            const until = clock.monotonic() + (slot?.waitMs ?? 0);
            try {
                let reply = await look(entry);
                if (reply[0] === 'in_flight' && slot !== undefined && slot.waitMs > 0) {
                    reply = await waitForOwner({ clock, connection, wakeUps, look }, entry, slot, reply, until);
                }
                return openedFrom(reply, charge);
            }
            catch (error) {
                if (error instanceof ErrorReply && error.message.startsWith('OOM'))
                    return { kind: 'full' };
                throw error;
            }
        },
        async settle(entry, { settlement, answer, giveBack }) {
            const kept = entry.slot === undefined ? '' : packAnswer(answer);
            const args = settleArguments(entry, settlement, giveBack, kept);
            try {
                return await settle(entry, args);
            }
            catch (error) {
                settleLater(entry, args, clock.monotonic());
                throw error;
            }
        },
        async standings({ account, tenant, charge }) {
            const args = [testTime(), ...rateArguments(charge)];
            const reply = await run(standingsScript, connection, meterKeys({ account, tenant, charge }), args);
            return standingsFrom(reply, charge);
        },
        reachable: () => connection.reachable(),
        async close() {
            retries.close();
            connection.close();
            wakeUps.wakeAll();
        },
    };
}
