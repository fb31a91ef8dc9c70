import { Hono } from 'hono'
import { routePath } from 'hono/route'
import { elapsedMs } from '../domain/events.ts'
import type { Entropy } from '../ports.ts'
import type { GatewayContext, GatewayEnv } from './context.ts'
import { failedInside, internalError } from './failed-inside.ts'
import { type Gate, unready } from './gate.ts'
import { describeCaller } from './me.ts'
import { requestFinished } from './observe.ts'
import { type PostPorts, postMessage } from './post-message.ts'
import { known, mayRead, messageIdParam, read } from './read.ts'
import { receiveBody } from './receive.ts'
import { refuse, refuseWith, respond, succeed } from './reply.ts'

export interface AppPorts extends PostPorts {
  readonly entropy: Entropy
  readonly gate: Gate
  /** Requests under way at once. */
  readonly maxInFlight: number
}

export const MESSAGES_ROUTE = '/v1/:phoneNumberId/messages'

/** The gateway as one fetch handler: built once per configuration, never per request. */
export function createApp(ports: AppPorts): Hono<GatewayEnv> {
  const { clock, entropy, telemetry, ledger, gate, maxInFlight } = ports
  const app = new Hono<GatewayEnv>()
  const only = (allow: string) => (c: GatewayContext) => refuse(c, 'method_not_allowed', {}, { allow })
  const alive = (c: GatewayContext) => succeed(c, { status: 'ok' })

  app.use(async (c, next) => {
    const requestId = entropy.id('req')
    c.set('requestId', requestId)
    const began = clock.monotonic()
    await next()
    const handled = c.get('handled')
    if (handled === undefined) return
    const correlationId = c.req.header('x-request-id')
    const request = { requestId, method: c.req.method, route: routePath(c, -1), correlationId }
    telemetry.record(
      requestFinished({ ...request, durationMs: elapsedMs(began, clock.monotonic()) }, handled),
    )
  })

  app.get('/healthz', alive).all(only('GET, HEAD'))
  app.get('/v1/health', alive).all(only('GET, HEAD'))
  app
    .get('/readyz', async (c) => {
      const ready = !gate.isShut && (await isReachable(ledger))
      return ready ? succeed(c, { status: 'ready' }) : refuseWith(c, unready)
    })
    .all(only('GET, HEAD'))

  app.use('/v1/*', async (c, next) => {
    const refused = gate.enter(maxInFlight)
    if (refused !== undefined) return refuseWith(c, refused)
    try {
      return await next()
    } finally {
      gate.leave()
    }
  })

  app.get('/v1/me', known(ports), (c) => describeCaller(c, ledger)).all(only('GET, HEAD'))

  app
    .post(MESSAGES_ROUTE, async (c) => {
      const handled = await postMessage(ports, {
        requestId: c.get('requestId'),
        phoneNumberId: c.req.param('phoneNumberId'),
        header: (name) => c.req.header(name),
        body: () => receiveBody(c.req.raw),
      })
      return respond(c, handled)
    })
    .get(known(ports), mayRead, (c) => read(c, ports, 'list', `/messages${new URL(c.req.url).search}`))
    .all(only('GET, HEAD, POST'))

  app
    .get(`${MESSAGES_ROUTE}/:messageId`, known(ports), mayRead, messageIdParam, (c) =>
      read(c, ports, 'item', `/messages/${encodeURIComponent(c.req.valid('param').messageId)}`),
    )
    .all(only('GET, HEAD'))

  app.notFound((c) => refuse(c, 'resource_not_found'))
  app.onError((error, c) => {
    telemetry.record(internalError(error, c.get('requestId')))
    return refuseWith(c, failedInside)
  })
  return app
}

async function isReachable(ledger: AppPorts['ledger']): Promise<boolean> {
  try {
    return await ledger.reachable()
  } catch {
    return false
  }
}
