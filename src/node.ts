import { randomBytes } from 'node:crypto'
import type { ConfigFault } from './config/faults.ts'
import { type Config, loadConfig } from './config.ts'
import { createApp } from './http/app.ts'
import { createGate } from './http/gate.ts'
import { createDirectory } from './ledger/directory.ts'
import { type Bound, bind } from './node/bind.ts'
import {
  type ConfigSource,
  configFile,
  fixedConfig,
  nodeContext,
  type Variables,
} from './node/config-source.ts'
import { demoConfig, demoVariables } from './node/demo.ts'
import { createDirectPost, type DirectPost } from './node/direct-post.ts'
import { type Environment, readEnvironment } from './node/environment.ts'
import { startLedger } from './node/ledger.ts'
import { listen } from './node/listen.ts'
import { type LogOutput, standardOutput } from './node/log-output.ts'
import { type MetricsServer, serveMetrics } from './node/metrics-server.ts'
import { systemClock } from './system/clock.ts'
import { createNodeDigest } from './system/digest-node.ts'
import { createEntropy } from './system/entropy.ts'
import { createTurn } from './system/turn.ts'
import { fanOut } from './telemetry/fan-out.ts'
import { createLog } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { stackUpstream } from './upstream/stack.ts'
import { createUpstreamState } from './upstream/state.ts'
import { createHttp1Transport, type Http1Transport } from './upstream/transport-http1.ts'

export interface Running {
  readonly url: string
  /** Absent when metrics are not served. */
  readonly metricsPort?: number
  /** Present in sandbox mode: the base URL of the embedded upstream. */
  readonly sandboxUrl?: string
  /** Reads the config again; a faulty one is refused with a log line, and the old one stays. */
  reload(): void
  /** Takes no new requests, waits for those under way (up to their deadline), then ends all. */
  drain(): Promise<void>
}

export type Started =
  | { readonly ok: true; readonly running: Running }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** Composes and starts the gateway on Node from environment variables (interface §2). Logs to stdout unless told. */
export async function startGateway(
  variables: Variables,
  output: LogOutput = standardOutput(),
): Promise<Started> {
  const read = readEnvironment(variables)
  const configPath = variables.GATEWAY_CONFIG
  if (!configPath) return read.ok ? startWithSandbox(read.environment, output) : read
  const source = configFile(configPath, variables)
  const loaded = source.load()
  // Faults of the environment and of the config are shown together.
  const faults = [...(read.ok ? [] : read.faults), ...(loaded.ok ? [] : loaded.faults)]
  if (!read.ok || !loaded.ok) return { ok: false, faults }
  return compose(read.environment, loaded.config, source, output)
}

/** Without a config: one demo tenant in front of an embedded sandbox. */
async function startWithSandbox(environment: Environment, output: LogOutput): Promise<Started> {
  // Not loaded where it is not needed: it would take a part of every start.
  const { serveSandbox } = await import('./sandbox/serve.ts')
  const sandbox = await serveSandbox()
  const loaded = loadConfig(demoConfig(sandbox.baseUrl), nodeContext(demoVariables))
  if (!loaded.ok) return loaded
  const started = await compose(environment, loaded.config, fixedConfig(loaded.config), output)
  if (!started.ok) {
    await sandbox.close()
    return started
  }
  const { running } = started
  const drain = () => running.drain().then(() => sandbox.close())
  return { ok: true, running: { ...running, sandboxUrl: sandbox.baseUrl, drain } }
}

/** What is left to a connection after its answer was written. */
const CLOSE_GRACE_MS = 1000

async function compose(
  environment: Environment,
  first: Config,
  source: ConfigSource,
  output: LogOutput,
): Promise<Started> {
  const { host, port, metricsPort, logLevel } = environment
  const clock = systemClock
  const entropy = createEntropy(clock)
  const digest = createNodeDigest(environment.secret ?? randomBytes(32))
  const metrics = createMetrics()
  const telemetry = fanOut([createLog(logLevel, clock, (line) => output.write(`${line}\n`)), metrics])
  const started = await startLedger(first.ledger, clock, telemetry)
  if (!started.ok) return started
  const { ledger, close: closeLedger } = started.opened
  const state = createUpstreamState()

  const gate = createGate()

  // A config is never changed in place: a new one gets a new app, and requests under way end on the old.
  const build = (config: Config, earlier?: Built): Built => {
    const { baseUrl, timeoutMs, replyButtonsAs, maxInFlight } = config.upstream
    const pool =
      earlier?.baseUrl === baseUrl ? earlier.pool : createHttp1Transport(baseUrl, clock, createTurn)
    const transport = stackUpstream(pool.send, { clock, entropy, telemetry, state }, config.upstream)
    const directory = createDirectory(config)
    const services = { clock, entropy, digest, telemetry, ledger, transport, directory, gate }
    const ports = { ...services, timeoutMs, replyButtonsAs, maxInFlight }
    return { baseUrl, timeoutMs, pool, fetch: createApp(ports).fetch, direct: createDirectPost(ports) }
  }
  let current = build(first)

  const reload = () => {
    const loaded = source.load()
    if (!loaded.ok) {
      const detail = loaded.faults.map(({ path, message }) => `${path}: ${message}`).join('; ')
      telemetry.record({ event: 'lifecycle', what: 'config_refused', detail })
      return
    }
    const before = current
    current = build(loaded.config, before)
    // Requests under way may still call through the old pool, until their deadline.
    if (current.pool !== before.pool)
      clock.after(before.timeoutMs + CLOSE_GRACE_MS, () => before.pool.close())
    telemetry.record({ event: 'lifecycle', what: 'config_reloaded' })
  }

  const fetch = (request: Request) => current.fetch(request)
  const direct: DirectPost = (...request) => current.direct(...request)
  const server = await bind('PORT', { host, port }, listen({ host, port, fetch, direct, entropy, telemetry }))
  if (!server.ok) {
    await closeLedger()
    return server
  }
  const metricsServer = await serveMetricsOn(metrics, host, metricsPort)
  if (!metricsServer.ok) {
    await server.bound.close(0)
    await closeLedger()
    return metricsServer
  }
  const unwatch = source.watch(reload)
  const { url } = server.bound
  telemetry.record({ event: 'lifecycle', what: 'listening', detail: url })

  const drain = async () => {
    gate.shut()
    telemetry.record({ event: 'lifecycle', what: 'draining' })
    unwatch()
    // A caller that has hung up still has its send under way, so sockets alone do not tell.
    const until = clock.now() + current.timeoutMs + CLOSE_GRACE_MS
    while (gate.underWay > 0 && clock.now() < until) await clock.sleep(20)
    await server.bound.close(CLOSE_GRACE_MS)
    metricsServer.bound?.close()
    await current.pool.close()
    await closeLedger()
    telemetry.record({ event: 'lifecycle', what: 'stopped' })
    await new Promise<void>((resolve) => (output.flush ? output.flush(resolve) : resolve()))
  }
  const served = metricsServer.bound && { metricsPort: metricsServer.bound.port }
  return { ok: true, running: { url, ...served, reload, drain } }
}

/** Without a port metrics are not served. */
const serveMetricsOn = async (
  metrics: Metrics,
  host: string,
  port: number | undefined,
): Promise<Bound<MetricsServer | undefined>> =>
  port === undefined
    ? { ok: true, bound: undefined }
    : bind('METRICS_PORT', { host, port }, serveMetrics(metrics, host, port))

interface Built {
  readonly baseUrl: string
  readonly timeoutMs: number
  readonly pool: Http1Transport
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly direct: DirectPost
}
