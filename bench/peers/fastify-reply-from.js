// fastify with @fastify/reply-from, as its page shows it.
import replyFrom from '@fastify/reply-from'
import { fastify } from 'fastify'

const app = fastify()
await app.register(replyFrom, {
  base: new URL(process.env.UPSTREAM).origin,
  undici: { connections: 128, pipelining: 1 },
})
app.post('/v1/:number/messages', (request, reply) => reply.from(request.url))
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
