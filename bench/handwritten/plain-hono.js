// The gateway as one would first write it from the packages' own pages: Hono's middleware, zod-validator, lru-cache,
// and undici's `request` or, with CALL=fetch, the global fetch.
import { createHash, randomUUID } from 'node:crypto'
import { serve } from '@hono/node-server'
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { requestId } from 'hono/request-id'
import { LRUCache } from 'lru-cache'
import { request } from 'undici'
import * as z from 'zod'

const upstream = process.env.UPSTREAM
const sha256 = (text) => createHash('sha256').update(text).digest('hex')
const keys = new Map([[sha256('kgw_bench'), 'bench']])
const kept = new LRUCache({ max: 250_000, ttl: 24 * 60 * 60 * 1000 })
const message = z.object({
  messaging_product: z.literal('whatsapp'),
  to: z.string().regex(/^\+\d{7,15}$/),
  type: z.literal('text'),
  text: z.object({ body: z.string().min(1).max(4096) }),
})

const calls = {
  async undici(url, options) {
    const { statusCode, body } = await request(url, options)
    return { status: statusCode, data: await body.json() }
  },
  async fetch(url, options) {
    const response = await fetch(url, options)
    return { status: response.status, data: await response.json() }
  },
}
const call = calls[process.env.CALL ?? 'undici']

const app = new Hono()
app.use(requestId())
app.use(bearerAuth({ verifyToken: (token) => keys.has(sha256(token)) }))
app.post('/v1/:number/messages', zValidator('json', message), async (c) => {
  const body = c.req.valid('json')
  const idempotencyKey = c.req.header('idempotency-key') ?? randomUUID()
  const fingerprint = sha256(JSON.stringify(body))
  const earlier = kept.get(idempotencyKey)
  if (earlier !== undefined && earlier.fingerprint !== fingerprint) return c.json({ error: 'reuse' }, 422)
  if (earlier !== undefined) return c.json(earlier.data)
  const { status, data } = await call(`${upstream}/${c.req.param('number')}/messages`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer token',
      'Content-Type': 'application/json',
      'Idempotency-Key': idempotencyKey,
    },
    body: JSON.stringify(body),
  })
  if (status === 200) kept.set(idempotencyKey, { fingerprint, data })
  return c.json({ ...data, request_id: c.get('requestId') }, status)
})
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
