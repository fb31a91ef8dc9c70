import { createCluster, ErrorReply } from 'redis';
import { clientSettings, once } from './link.js';
/**
 * A link to a cluster whose nodes are found through any of `urls`; user, password and TLS of the first are those of
 * all. Each node has a connection for commands, and one for messages once they are asked for.
 */
export function createClusterLink(urls, options, events) {
    const { username, password, protocol } = new URL(urls[0]);
    const settings = clientSettings(options);
    const cluster = createCluster({
        // Asking a frozen node for the others would never end.
        rootNodes: urls.map((url) => ({ url, socket: { socketTimeout: options.connectTimeoutMs } })),
        defaults: {
            ...settings,
            ...(username !== '' && { username: decodeURIComponent(username) }),
            ...(password !== '' && { password: decodeURIComponent(password) }),
            socket: { ...settings.socket, ...(protocol === 'rediss:' && { tls: true }) },
        },
        commandOptions: settings.commandOptions,
        // A node that is down must not keep the others from being reached.
        minimizeConnections: true,
    });
    // A node that cannot tell about the others; the next one is asked.
    cluster.on('error', () => { });
    cluster.on('node-error', events.lost);
    const channels = new Map();
    return {
        partial: true,
        async open() {
            await cluster.connect();
        },
        async send(key, args) {
            try {
                return await cluster.sendCommand(key, false, [...args]);
            }
            catch (error) {
                if (!(error instanceof ErrorReply))
                    events.lost();
                throw error;
            }
        },
        async probe() {
            const states = cluster.masters.map(async (master) => {
                const node = await cluster.nodeClient(master);
                return String(await node.sendCommand(['CLUSTER', 'INFO']));
            });
            for (const state of await Promise.all(states)) {
                if (!state.includes('cluster_state:ok'))
                    throw new Error('the cluster does not serve all slots');
            }
        },
        listen: (channel) => once(channels, channel, () => cluster.sSubscribe(channel, (text, from) => events.message(from, text))),
        close: () => cluster.destroy(),
    };
}
