// Hono and undici with the least of what the gateway is for: a key check, one zod schema, replay from a Map.
// No quotas, no leases, no outcomes, no fingerprint but the body's hash, no log, no metrics.
import { hash } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { Pool } from 'undici'
import * as z from 'zod'

const upstream = new URL(process.env.UPSTREAM)
const prefix = upstream.pathname
const pool = new Pool(upstream.origin, { connections: 128 })
const keys = new Map([[hash('sha256', 'kgw_bench', 'hex'), { tenant: 'bench' }]])
const kept = new Map()
const message = z.object({
  messaging_product: z.literal('whatsapp'),
  to: z.string().regex(/^\+\d{7,15}$/),
  type: z.literal('text'),
  text: z.object({ body: z.string().min(1).max(4096) }),
})
const json = { 'Content-Type': 'application/json' }

const app = new Hono()
app.post('/v1/:number/messages', async (c) => {
  const caller = keys.get(hash('sha256', (c.req.header('authorization') ?? '').slice(7), 'hex'))
  if (caller === undefined) return c.json({ error: 'unauthorized' }, 401)
  const text = await c.req.text()
  const parsed = message.safeParse(JSON.parse(text))
  if (!parsed.success) return c.json({ error: 'invalid' }, 400)
  const slot = `${caller.tenant} ${c.req.header('idempotency-key')}`
  const print = hash('sha256', text, 'hex')
  const earlier = kept.get(slot)
  if (earlier !== undefined) {
    return earlier.print === print ? c.body(earlier.text, 200, json) : c.json({ error: 'reuse' }, 422)
  }
  const answered = await pool.request({
    method: 'POST',
    path: `${prefix}/${c.req.param('number')}/messages`,
    headers: { authorization: 'Bearer token', 'content-type': 'application/json', 'idempotency-key': slot },
    body: text,
  })
  const answer = await answered.body.text()
  if (answered.statusCode === 200) kept.set(slot, { print, text: answer })
  return c.body(answer, answered.statusCode, json)
})
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
