import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { relay } from '../pipeline/relay.ts'
import { type SendPorts, send } from '../pipeline/send.ts'
import { type AuthenticatePorts, authenticate, authorize } from './authenticate.ts'
import type { GatewayContext, GatewayEnv } from './context.ts'
import { describeCaller } from './me.ts'
import { type ObservePorts, observe } from './observe.ts'
import { receiveBody } from './receive.ts'
import { refuse, respond, succeed } from './reply.ts'
import { readIdempotencyKey, requireJson, validateMessage } from './validate.ts'

export interface AppPorts extends AuthenticatePorts, ObservePorts, SendPorts {
  /** True once the process has been told to stop: no new work is taken. */
  readonly draining: () => boolean
}

/** The gateway as one fetch handler: built once per configuration, never per request. */
export function createApp(ports: AppPorts): Hono<GatewayEnv> {
  const { ledger } = ports
  const app = new Hono<GatewayEnv>()
  const only = (allow: string) => (c: GatewayContext) => refuse(c, 'method_not_allowed', {}, { allow })
  const alive = (c: GatewayContext) => succeed(c, { status: 'ok' })
  const known = authenticate(ports)

  app.use(observe(ports))

  app.get('/healthz', alive).all(only('GET, HEAD'))
  app.get('/v1/health', alive).all(only('GET, HEAD'))
  app
    .get('/readyz', async (c) => {
      const ready = !ports.draining() && (await isReachable(ledger))
      return ready ? succeed(c, { status: 'ready' }) : refuse(c, 'service_unavailable', unready)
    })
    .all(only('GET, HEAD'))

  app.use('/v1/*', async (c, next) =>
    ports.draining() ? refuse(c, 'service_unavailable', unready) : await next(),
  )

  app.get('/v1/me', known, (c) => describeCaller(c, ledger)).all(only('GET, HEAD'))

  app
    .post(
      '/v1/:phoneNumberId/messages',
      receiveBody,
      known,
      authorize('messages:send'),
      requireJson,
      readIdempotencyKey,
      validateMessage(ports.replyButtonsAs),
      async (c) => {
        const clientKey = c.get('clientKey')
        const reply = await send(ports, {
          requestId: c.get('requestId'),
          credential: c.get('credential'),
          phoneNumberId: c.get('phoneNumberId'),
          message: c.get('message'),
          ...(clientKey !== undefined && { clientKey }),
        })
        return respond(c, reply)
      },
    )
    .get(known, authorize('read'), async (c) => {
      const path = `/${c.get('phoneNumberId')}/messages${new URL(c.req.url).search}`
      return respond(c, await relay(ports, { ...caller(c), operation: 'list', path }))
    })
    .all(only('GET, HEAD, POST'))

  app
    .get('/v1/:phoneNumberId/messages/:messageId', known, authorize('read'), async (c) => {
      const messageId = c.req.param('messageId')
      if (!messageIdPattern.test(messageId)) return refuse(c, 'resource_not_found')
      const path = `/${c.get('phoneNumberId')}/messages/${encodeURIComponent(messageId)}`
      return respond(c, await relay(ports, { ...caller(c), operation: 'item', path }))
    })
    .all(only('GET, HEAD'))

  app.notFound((c) => refuse(c, 'resource_not_found'))
  app.onError((error, c) => {
    // The validator throws this when JSON.parse does.
    if (error instanceof HTTPException && error.status === 400) return refuse(c, 'invalid_json')
    ports.telemetry.record({
      event: 'internal_error',
      requestId: c.get('requestId'),
      error: error.name,
      stack: codePositions(error),
    })
    return refuse(c, 'internal_error', { outcome: 'unknown' })
  })
  return app
}

const unready = { message: 'The gateway is not ready. Nothing was sent; retry later.', retryAfterSeconds: 1 }

/** Ids of the upstream (contract §10), or a wamid; nothing that a path could be bent with. */
const messageIdPattern = /^(?:msg_[0-9A-HJKMNP-TV-Z]{26}|wamid\.[A-Za-z0-9+=_-]{1,512})$/

const caller = (c: GatewayContext) => ({ requestId: c.get('requestId'), credential: c.get('credential') })

async function isReachable(ledger: AppPorts['ledger']): Promise<boolean> {
  try {
    return await ledger.reachable()
  } catch {
    return false
  }
}

/** The stack without the error's message, which may hold anything. */
const codePositions = (error: Error): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')
