// http-proxy-3, the maintained http-proxy, with a keep-alive agent (it has none by itself).
import { Agent } from 'node:http'
import httpProxy from 'http-proxy-3'

const agent = new Agent({ keepAlive: true, maxSockets: 128 })
const server = httpProxy.createProxyServer({ target: new URL(process.env.UPSTREAM).origin, agent })
server.on('error', (_error, _request, response) => response.writeHead(502).end())
server.listen(Number(process.env.PORT), '127.0.0.1')
