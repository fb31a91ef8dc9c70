import { createAdaptorServer } from '@hono/node-server';
import { createSandbox } from './app.js';
/** Starts a sandbox on its own port; rejects when the address cannot be had. */
export async function serveSandbox({ host = '127.0.0.1', port = 0, ...options } = {}) {
    const { app, ...sandbox } = createSandbox(options);
    const server = createAdaptorServer({
        fetch: app.fetch,
        // The sandbox may share its process with the gateway, whose globals are none of its business.
        overrideGlobalObjects: false,
        // Longer than any client keeps an idle connection, so that only faults ever close one.
        serverOptions: { keepAliveTimeout: 65_000 },
    });
    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: 2048 }, resolve);
    });
    const address = server.address();
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
    return {
        ...sandbox,
        url,
        baseUrl: `${url}/v1`,
        port: address.port,
        close: () => new Promise((resolve) => {
            server.close(() => resolve());
            if ('closeAllConnections' in server)
                server.closeAllConnections();
        }),
    };
}
