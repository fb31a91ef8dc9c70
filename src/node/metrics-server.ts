import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from '../telemetry/metrics.ts'

export interface MetricsServer {
  readonly port: number
  close(): void
}

/** Serves `GET /metrics` on an address of its own, away from callers. */
export function serveMetrics(metrics: Metrics, host: string, port: number): Promise<MetricsServer> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    const text = await metrics.expose()
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const { port: bound } = server.address() as AddressInfo
      resolve({
        port: bound,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}
