// fastify with @fastify/http-proxy: bodies are streamed, not parsed.
import httpProxy from '@fastify/http-proxy'
import { fastify } from 'fastify'

const app = fastify()
await app.register(httpProxy, {
  upstream: new URL(process.env.UPSTREAM).origin,
  prefix: '/v1',
  rewritePrefix: '/v1',
  undici: { connections: 128, pipelining: 1 },
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
