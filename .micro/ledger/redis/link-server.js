import { createClient } from 'redis';
import { PROBE_KEY } from './keys.js';
import { clientSettings, once } from './link.js';
const clientOf = (url, options) => createClient({ url, ...clientSettings(options) });
/** A write that changes nothing: it is refused by a replica, while loading, and where the disk or the rights fail. */
const PROBE = ['EVAL', "return redis.call('DEL', KEYS[1])", '1', PROBE_KEY];
/** A link to one server: a connection for commands, and one for messages once they are asked for. */
export function createServerLink(url, options, events) {
    const client = clientOf(url, options);
    client.on('error', events.lost);
    let subscriber;
    const startSubscriber = () => {
        const fresh = clientOf(url, options);
        // Losing it costs promptness only: those who wait also look by themselves, and ask for it again.
        fresh.on('error', () => {
            if (subscriber?.client === fresh)
                subscriber = undefined;
        });
        return { client: fresh, connected: fresh.connect(), channels: new Map() };
    };
    const probe = async () => {
        await client.sendCommand(PROBE);
    };
    return {
        partial: false,
        async open() {
            await client.connect();
            await probe();
        },
        send: (_key, args) => client.sendCommand([...args]),
        probe,
        listen(channel) {
            subscriber ??= startSubscriber();
            const { client: through, connected, channels } = subscriber;
            return once(channels, channel, async () => {
                await connected;
                await through.sSubscribe(channel, (text, from) => events.message(from, text));
            });
        },
        close() {
            client.destroy();
            subscriber?.client.destroy();
        },
    };
}
