import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Call } from './call.ts'
import type { SandboxStats } from './counters.ts'
import { type Delivery, whole } from './enact.ts'
import { newId } from './id.ts'
import type { StoredMessage } from './messages.ts'
import {
  createAuthenticate,
  demoPhoneNumberIds,
  demoToken,
  type OrganisationOptions,
} from './organisation.ts'
import { postMessage } from './post-message.ts'
import { rateLimitHeaders } from './rate-limit.ts'
import { accounts, getMedia, getMessage, listMessages, me } from './read.ts'
import { isFromApi, notFound, type Reply, refusal, success } from './reply.ts'
import type { LoggedRequest } from './request-log.ts'
import { createState, type Settings } from './state.ts'
import { transmit } from './transmit.ts'

type SandboxEnv = { Bindings: HttpBindings }
type Handler = (call: Call) => Delivery | Promise<Delivery & { afterwards?: () => void }>

export interface SandboxOptions extends Partial<Settings> {
  /** One with `demoToken` and `demoPhoneNumberIds` unless told. */
  readonly organisations?: readonly OrganisationOptions[]
}

export interface Sandbox {
  /** Needs the bindings of @hono/node-server: faults act on the socket. */
  readonly app: Hono<SandboxEnv>
  stats(): SandboxStats
  /** The last `count` requests as they arrived, oldest first. */
  requests(count?: number): LoggedRequest[]
  /** The last `count` messages with their bodies, oldest first. */
  messages(count?: number): StoredMessage[]
  /** Forgets everything: messages, keys, buckets, counts and the log. */
  reset(): void
}

const demo: OrganisationOptions = { name: 'Demo', tokens: [demoToken], phoneNumberIds: demoPhoneNumberIds }

/** The fake Kirim API under `/v1`, and what it has seen under `/_sandbox`. */
export function createSandbox({ organisations = [demo], ...given }: SandboxOptions = {}): Sandbox {
  const settings: Settings = {
    writePerMinute: 6000,
    readPerMinute: 60_000,
    now: Date.now,
    inFlightWaitMs: 30_000,
    slowMs: 2000,
    ...given,
  }
  const authenticate = createAuthenticate(organisations)
  let state = createState(settings)
  const app = new Hono<SandboxEnv>()

  const sandbox: Sandbox = {
    app,
    stats: () => state.counters.stats(),
    requests: (count = 1000) => state.log.last(count),
    messages: (count = 1000) => state.messages.newestFirst().slice(0, count).reverse(),
    reset() {
      state = createState(settings)
    },
  }

  const answer = async (c: Context<SandboxEnv>, reply: Reply): Promise<Response> => {
    await transmit(reply, 'whole', c.env.outgoing)
    return RESPONSE_ALREADY_SENT
  }

  /** Wraps a handler in what every API request passes: log → authentication → rate limit → socket. */
  const api = (handle: Handler) => async (c: Context<SandboxEnv>) => {
    const { incoming, outgoing } = c.env
    const { method = '' } = incoming
    const before = state
    before.counters.request(method)
    const entry = before.log.add(incoming, settings.now())
    const rawBody = await bodyOf(c)
    entry.body = rawBody
    const requestId = newId('req', settings.now())
    const bearer = authenticate(incoming.headers.authorization)
    if ('code' in bearer) {
      entry.status = 401
      return answer(c, refusal(requestId, bearer))
    }
    const key = c.req.header('idempotency-key')
    if (key && method === 'POST') before.counters.keyedPost(bearer.organisation.id, key)
    const standing = before.rateLimit.take(bearer.organisation.id, method)
    const call: Call = {
      ...bearer,
      requestId,
      path: c.req.path,
      param: (name) => c.req.param(name) ?? '',
      query: (name) => c.req.query(name),
      header: (name) => c.req.header(name),
      rawBody,
      state: before,
      settings,
    }
    const limited = standing.retryAfter !== undefined
    const delivery: Awaited<ReturnType<Handler>> = limited
      ? whole(refusal(requestId, { code: 'rate_limit_exceeded', message: 'Too many requests.' }))
      : await handle(call)
    const { reply, manner } = delivery
    // The documentation promises the headers on every success and every 4xx, and is silent about 5xx.
    const headers = isFromApi(reply) && reply.status < 500 ? rateLimitHeaders(standing) : {}
    entry.status = ['whole', 'cut_short', 'reset_mid_body'].includes(manner) ? reply.status : null
    await transmit({ ...reply, headers: { ...headers, ...reply.headers } }, manner, outgoing)
    if ('afterwards' in delivery) delivery.afterwards?.()
    return RESPONSE_ALREADY_SENT
  }

  app.get('/_sandbox/stats', (c) => c.json(sandbox.stats()))
  app.get('/_sandbox/requests', (c) => c.json(sandbox.requests(count(c))))
  app.get('/_sandbox/messages', (c) => c.json(sandbox.messages(count(c))))
  app.post('/_sandbox/reset', (c) => {
    sandbox.reset()
    return c.json({ reset: true })
  })

  app.get('/v1/health', (c) => answer(c, success(newId('req', settings.now()), { status: 'ok' })))
  app.get('/v1/me', api(me))
  app.get('/v1/accounts', api(accounts))
  app.post('/v1/:phone_number_id/messages', api(postMessage))
  app.get('/v1/:phone_number_id/messages', api(listMessages))
  app.get('/v1/:phone_number_id/messages/:message_id', api(getMessage))
  app.get('/v1/:phone_number_id/messages/:message_id/media', api(getMedia))
  app.notFound(api(({ requestId }) => whole(notFound(requestId))))
  app.onError((error, c) =>
    answer(c, refusal(newId('req', settings.now()), { code: 'internal_error', message: String(error) })),
  )
  return sandbox
}

/** `last=N` of an inspection endpoint. */
const count = (c: Context<SandboxEnv>): number | undefined => {
  const last = c.req.query('last')
  return last === undefined ? undefined : Number(last) || 0
}

async function bodyOf(c: Context<SandboxEnv>): Promise<Buffer> {
  const { method } = c.env.incoming
  return method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(await c.req.arrayBuffer())
}
