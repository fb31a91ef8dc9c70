// node:http and undici, nothing else: reads the body, passes it on, passes the answer back.
import { createServer } from 'node:http'
import { Pool } from 'undici'

const upstream = new URL(process.env.UPSTREAM)
const prefix = upstream.pathname.replace(/\/v1$/, '')
const pool = new Pool(upstream.origin, { connections: 128 })

createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    const { authorization, 'idempotency-key': idempotencyKey } = request.headers
    try {
      const answered = await pool.request({
        method: request.method,
        path: prefix + request.url,
        headers: { authorization, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
      })
      const text = await answered.body.text()
      response.writeHead(answered.statusCode, { 'content-type': 'application/json' }).end(text)
    } catch {
      response.writeHead(502).end()
    }
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
