import { type Context, Hono } from 'hono'
import type { SandboxStats } from './counters.ts'
import { whole } from './enact.ts'
import { answer, createEndpoint, type SandboxEnv } from './endpoint.ts'
import { newId } from './id.ts'
import type { StoredMessage } from './messages.ts'
import {
  createAuthenticate,
  demoPhoneNumberIds,
  demoToken,
  type OrganisationOptions,
} from './organisation.ts'
import { postMessage } from './post-message.ts'
import { accounts, getMedia, getMessage, listMessages, me } from './read.ts'
import { notFound, refusal, success } from './reply.ts'
import type { LoggedRequest } from './request-log.ts'
import { createState, type Settings } from './state.ts'

export interface SandboxOptions extends Partial<Settings> {
  /** One with `demoToken` and `demoPhoneNumberIds` unless told. */
  readonly organisations?: readonly OrganisationOptions[]
}

export interface Sandbox {
  /** Needs the bindings of @hono/node-server: faults act on the socket. */
  readonly app: Hono<SandboxEnv>
  stats(): SandboxStats
  /** The last `count` requests as they arrived, oldest first; 1000 at most. */
  requests(count?: number): LoggedRequest[]
  /** The last `count` messages with their bodies, oldest first; 1000 unless told. */
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

  app.get('/_sandbox/stats', (c) => c.json(sandbox.stats()))
  app.get('/_sandbox/requests', (c) => c.json(sandbox.requests(lastOf(c))))
  app.get('/_sandbox/messages', (c) => c.json(sandbox.messages(lastOf(c))))
  app.post('/_sandbox/reset', (c) => {
    sandbox.reset()
    return c.json({ reset: true })
  })

  const endpoint = createEndpoint(createAuthenticate(organisations), settings, () => state)
  const requestId = () => newId('req', settings.now())
  app.get('/v1/health', (c) => answer(c, success(requestId(), { status: 'ok' })))
  app.get('/v1/me', endpoint(me))
  app.get('/v1/accounts', endpoint(accounts))
  app.post('/v1/:phone_number_id/messages', endpoint(postMessage))
  app.get('/v1/:phone_number_id/messages', endpoint(listMessages))
  app.get('/v1/:phone_number_id/messages/:message_id', endpoint(getMessage))
  app.get('/v1/:phone_number_id/messages/:message_id/media', endpoint(getMedia))
  app.notFound(endpoint((call) => whole(notFound(call.requestId))))
  app.onError((error, c) =>
    answer(c, refusal(requestId(), { code: 'internal_error', message: String(error) })),
  )
  return sandbox
}

/** `last=N` of an inspection endpoint; undefined: not given. */
function lastOf(c: Context<SandboxEnv>): number | undefined {
  const last = c.req.query('last')
  return last === undefined ? undefined : Math.max(0, Math.trunc(Number(last)) || 0)
}
