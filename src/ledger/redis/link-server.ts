import { createClient } from 'redis'
import { PROBE_KEY } from './keys.ts'
import { clientSettings, type Link, type LinkEvents, type LinkOptions, once } from './link.ts'

type Client = ReturnType<typeof clientOf>

interface Subscriber {
  readonly client: Client
  readonly connected: Promise<unknown>
  readonly channels: Map<string, Promise<void>>
}

const clientOf = (url: string, options: LinkOptions) => createClient({ url, ...clientSettings(options) })

/** A write that changes nothing: it is refused by a replica, while loading, and where the disk or the rights fail. */
const PROBE = ['EVAL', "return redis.call('DEL', KEYS[1])", '1', PROBE_KEY]

/** A link to one server: a connection for commands, and one for messages once they are asked for. */
export function createServerLink(url: string, options: LinkOptions, events: LinkEvents): Link {
  const client = clientOf(url, options)
  client.on('error', events.lost)
  let subscriber: Subscriber | undefined

  const startSubscriber = (): Subscriber => {
    const fresh = clientOf(url, options)
    // Losing it costs promptness only: those who wait also look by themselves, and ask for it again.
    fresh.on('error', () => {
      if (subscriber?.client === fresh) subscriber = undefined
    })
    return { client: fresh, connected: fresh.connect(), channels: new Map() }
  }

  const probe = async (): Promise<void> => {
    await client.sendCommand(PROBE)
  }

  return {
    partial: false,
    async open() {
      await client.connect()
      await probe()
    },
    send: (_key, args) => client.sendCommand([...args]),
    probe,
    listen(channel) {
      subscriber ??= startSubscriber()
      const { client: through, connected, channels } = subscriber
      return once(channels, channel, async () => {
        await connected
        await through.sSubscribe(channel, (text, from) => events.message(from, text))
      })
    },
    close() {
      client.destroy()
      subscriber?.client.destroy()
    },
  }
}
