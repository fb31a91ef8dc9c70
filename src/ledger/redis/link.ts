/** One connection to Redis, or to a cluster, for as long as it lasts: once lost it is replaced, never mended. */
export interface Link {
  /** Resolves when commands can be sent. */
  open(): Promise<void>
  /** Sends one command to the node that holds `key`; rejects when it is answered by an error or the link breaks. */
  send(key: string, args: readonly string[]): Promise<unknown>
  /** Resolves when Redis takes scripts and writes. */
  probe(): Promise<void>
  /** Hears the messages of `channel` from then on; asked again, it does nothing unless the subscription was lost. */
  listen(channel: string): Promise<void>
  close(): void
  /** Whether one lost command leaves others alive: other nodes may answer while one does not. */
  readonly partial: boolean
}

export interface LinkEvents {
  /** The link has broken, or a part of it. May be told more than once. */
  lost(): void
  message(channel: string, text: string): void
}

export interface LinkOptions {
  readonly connectTimeoutMs: number
}

/** Commands that may wait for an answer at once; the next ones are refused. */
export const MAX_WAITING = 20_000

/** Settings of every connection: it fails at once when it is down, and does not come back by itself. */
export const clientSettings = ({ connectTimeoutMs }: LinkOptions) =>
  ({
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_WAITING,
    // The connection times commands out: the client's own timers end when a command is written.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  }) as const

/** Subscribes to a channel once; anew when that has failed. */
export function once(
  channels: Map<string, Promise<void>>,
  channel: string,
  subscribe: () => Promise<void>,
): Promise<void> {
  const known = channels.get(channel)
  if (known !== undefined) return known
  const listening = subscribe()
  channels.set(channel, listening)
  listening.catch(() => channels.delete(channel))
  return listening
}
