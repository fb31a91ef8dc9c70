import { createMiddleware } from 'hono/factory'
import type { GatewayEnv } from './context.ts'
import { refuse } from './reply.ts'

/** The largest body that is taken in, chunked or not. */
export const MAX_BODY_BYTES = 256 * 1024

/** Reads the body into memory, bounded; refuses what is too large before it is authenticated. */
export const receiveBody = createMiddleware<GatewayEnv>(async (c, next) => {
  const declared = c.req.header('content-length')
  if (declared !== undefined && Number(declared) > MAX_BODY_BYTES) return refuse(c, 'payload_too_large')
  try {
    // The HTTP layer holds a body to its declared length; one without a length is counted as it comes.
    const bytes =
      declared === undefined
        ? await readBounded(c.req.raw.body, MAX_BODY_BYTES)
        : new Uint8Array(await c.req.raw.arrayBuffer())
    if (bytes === undefined) return refuse(c, 'payload_too_large')
    c.set('bytes', bytes)
  } catch {
    return refuse(c, 'invalid_request', { message: 'The body broke off before its end.' })
  }
  return await next()
})

/** The bytes of `body`; undefined when there are more than `max`. */
async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  max: number,
): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > max) {
      await reader.cancel()
      return undefined
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
