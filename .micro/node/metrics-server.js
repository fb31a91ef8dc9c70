import { createServer } from 'node:http';
/** Serves `GET /metrics` on an address of its own, away from callers. */
export function serveMetrics(metrics, host, port) {
    const server = createServer(async (request, response) => {
        if (request.method !== 'GET' || request.url !== '/metrics') {
            response.writeHead(404).end();
            return;
        }
        const text = await metrics.expose();
        response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
    });
    return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
            const { port: bound } = server.address();
            resolve({
                port: bound,
                close() {
                    server.close();
                    server.closeAllConnections();
                },
            });
        });
    });
}
