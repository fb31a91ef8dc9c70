// fastify with a handler that calls the upstream through an undici pool.
import { fastify } from 'fastify'
import { Pool } from 'undici'

const upstream = new URL(process.env.UPSTREAM)
const pool = new Pool(upstream.origin, { connections: 128 })
const app = fastify()

app.post('/v1/:number/messages', async (request, reply) => {
  const { authorization, 'idempotency-key': idempotencyKey } = request.headers
  const answered = await pool.request({
    method: 'POST',
    path: `${upstream.pathname}/${request.params.number}/messages`,
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(request.body),
  })
  reply.code(answered.statusCode).type('application/json')
  return await answered.body.text()
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
