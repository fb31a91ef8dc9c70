import { formatFaults } from '../config/faults.ts'
import { failure } from '../domain/errors.ts'
import { createApp } from '../http/app.ts'
import { createGate } from '../http/gate.ts'
import { bareAnswer } from '../http/reply.ts'
import { createDirectory } from '../ledger/directory.ts'
import type { LedgerObjectClass } from '../ledger/durable-object.ts'
import { createRemoteLedger, type RemoteLedger } from '../ledger/remote.ts'
import type { Clock } from '../ports.ts'
import { createWebDigest } from '../system/digest-web.ts'
import { createEntropy } from '../system/entropy.ts'
import { logLevels } from '../telemetry/lines.ts'
import { createLog } from '../telemetry/log.ts'
import { stackUpstream } from '../upstream/stack.ts'
import { createUpstreamState } from '../upstream/state.ts'
import { createFetchTransport } from '../upstream/transport-fetch.ts'
import { createTextSource, loadWorkerConfig, type WorkerEnv } from './config-source.ts'

export interface GatewayEnv extends WorkerEnv {
  readonly LEDGER: DurableObjectNamespace<InstanceType<LedgerObjectClass>>
}

type Fetch = (request: Request) => Response | Promise<Response>

/** The fetch handler of one isolate: one app for each config text, never one for each request. */
export function createWorker(clock: Clock, write: (line: string) => void): ExportedHandler<GatewayEnv> {
  const entropy = createEntropy(clock)
  const gate = createGate()
  const readText = createTextSource(clock)
  const state = createUpstreamState()
  let built: { readonly text: string | undefined; readonly fetch: Fetch | undefined } | undefined

  const build = (text: string | undefined, env: GatewayEnv): Fetch | undefined => {
    const level = logLevels.find((known) => known === env.LOG_LEVEL) ?? 'info'
    const telemetry = createLog(level, clock, write)
    const missing = [{ path: 'GATEWAY_CONFIG', message: 'is not set, and KV holds no "config"' }]
    const loaded = text === undefined ? { ok: false as const, faults: missing } : loadWorkerConfig(text, env)
    if (!loaded.ok) {
      const detail = formatFaults(loaded.faults)
      telemetry.record({ event: 'lifecycle', what: 'config_refused', detail })
      return undefined
    }
    const { config, secret } = loaded
    const { baseUrl, timeoutMs, replyButtonsAs, maxInFlight } = config.upstream
    const find = (account: string): RemoteLedger => env.LEDGER.get(env.LEDGER.idFromName(account))
    const app = createApp({
      clock,
      entropy,
      telemetry,
      timeoutMs,
      replyButtonsAs,
      digest: createWebDigest(secret),
      directory: createDirectory(config),
      ledger: createRemoteLedger(find, () => [...config.accounts.keys()][0] ?? ''),
      transport: stackUpstream(
        createFetchTransport(baseUrl, clock),
        { clock, entropy, telemetry, state },
        config.upstream,
      ),
      gate,
      maxInFlight,
    })
    return (request) => app.fetch(request)
  }

  const handle = async (request: Request, env: GatewayEnv): Promise<Response> => {
    const text = await readText(env).catch(() => undefined)
    if (built === undefined || built.text !== text) built = { text, fetch: build(text, env) }
    if (built.fetch !== undefined) return built.fetch(request)
    const fault = failure('service_unavailable', { retryAfterSeconds: 30 })
    const { answer, headers } = bareAnswer(fault, entropy.id('req'))
    return new Response(answer.body, { status: answer.status, headers })
  }

  return {
    fetch(request, env, ctx) {
      const answering = handle(request, env)
      // A caller that goes away does not end its send.
      ctx.waitUntil(answering)
      return answering
    },
  }
}
