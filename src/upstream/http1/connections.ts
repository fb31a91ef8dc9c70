import type { Clock } from '../../ports.ts'
import { Connection, type ConnectionOwner, type Exchange } from './connection.ts'
import type { OpenSocket } from './open-socket.ts'

/** How long an idle connection is used when the upstream does not say: shorter than common servers keep them. */
const IDLE_MS = 4000
/** An announced time is in use up to this much before it ends, since a request takes time to get there. */
const IDLE_MARGIN_MS = 2000
const MAX_IDLE_MS = 600_000
const SWEEP_EVERY_MS = 1000

export interface ConnectionSettings {
  /** Connections at once; past this, exchanges wait for one. */
  readonly max: number
  readonly maxBodyBytes: number
}

/**
 * Keep-alive connections to one origin. The one that fell idle last is taken, so that those not needed time out.
 * A socket that the upstream has closed is noticed when the event loop next reads from sockets: dispatch right after.
 */
export class Connections implements ConnectionOwner {
  readonly maxBodyBytes: number
  readonly #openSocket: OpenSocket
  readonly #clock: Clock
  readonly #max: number
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting: Exchange[] = []
  #cancelSweep: (() => void) | undefined
  #isClosed = false
  readonly #whenEmpty: (() => void)[] = []

  constructor(openSocket: OpenSocket, clock: Clock, { max, maxBodyBytes }: ConnectionSettings) {
    this.#openSocket = openSocket
    this.#clock = clock
    this.#max = max
    this.maxBodyBytes = maxBodyBytes
  }

  /** Writes the request to an idle connection, to a new one, or to one that falls idle later. */
  dispatch(exchange: Exchange): void {
    const connection = this.#takeIdle()
    if (this.#isClosed) exchange.notSent('connection_closed')
    else if (connection !== undefined) connection.carry(exchange)
    else if (this.#all.size < this.#max) this.#open(exchange)
    else this.#waiting.push(exchange)
  }

  /** Refuses what comes, lets running and waiting exchanges end, and closes each connection after its last one. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#isClosed = true
      this.#whenEmpty.push(resolve)
      this.#cancelSweep?.()
      for (const connection of [...this.#idle]) connection.hangUp()
      this.#tellWhenEmpty()
    })
  }

  freed(connection: Connection, keepAlive?: string): void {
    const idle = idleMs(keepAlive)
    const next = idle > 0 ? this.#nextWaiting() : undefined
    if (next !== undefined) connection.carry(next)
    else if (this.#isClosed || idle <= 0) connection.hangUp()
    else {
      connection.idleUntil = this.#clock.monotonic() + idle
      this.#idle.push(connection)
      this.#sweepLater()
    }
  }

  lost(connection: Connection): void {
    this.#all.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place !== -1) this.#idle.splice(place, 1)
    const next = this.#nextWaiting()
    if (next !== undefined) this.#open(next)
    else this.#tellWhenEmpty()
  }

  #tellWhenEmpty(): void {
    if (this.#isClosed && this.#all.size === 0) for (const tell of this.#whenEmpty) tell()
  }

  #open(exchange: Exchange): void {
    this.#all.add(new Connection(this.#openSocket, exchange, this))
  }

  #takeIdle(): Connection | undefined {
    const now = this.#clock.monotonic()
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.idleUntil > now) return connection
      connection.hangUp()
    }
  }

  #nextWaiting(): Exchange | undefined {
    for (;;) {
      const exchange = this.#waiting.shift()
      if (exchange === undefined || !exchange.isOver) return exchange
    }
  }

  #sweepLater(): void {
    this.#cancelSweep ??= this.#clock.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = undefined
      const now = this.#clock.monotonic()
      for (const connection of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) connection.hangUp()
      if (this.#idle.length > 0) this.#sweepLater()
    })
  }
}

/** From `Keep-Alive: timeout=5` (RFC 2068 §19.7.1.1), which servers send to this day. */
function idleMs(keepAlive: string | undefined): number {
  const seconds = keepAlive === undefined ? undefined : /(?:^|[,\s])timeout=(\d{1,9})\b/i.exec(keepAlive)?.[1]
  if (seconds === undefined) return IDLE_MS
  return Math.min(Number(seconds) * 1000 - IDLE_MARGIN_MS, MAX_IDLE_MS)
}
