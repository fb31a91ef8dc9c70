import { Client, type Dispatcher } from 'undici'

/** A request that waits for a connection. `isOver`: its end has come meanwhile, and nothing is to be sent. */
export interface Queued {
  readonly request: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler & { readonly isOver: boolean }
}

export interface Connections {
  /** Sends at once on an idle connection, on a new one, or when one falls idle. Failures go to the handler. */
  dispatch(queued: Queued): void
  /** Lets running requests end, then closes the sockets. */
  close(): Promise<void>
}

/** One connection: a client of undici that makes a new socket where the old one is gone. */
interface Connection {
  readonly client: Client
  isIdle: boolean
}

/**
 * Keep-alive connections to one origin, one request at a time on each, at most `max`. It is undici's Pool but for
 * the search: a Pool looks through its clients for one that is free, which with as many requests under way costs
 * more than the sending; here the one that fell idle last is taken, so that those not needed time out.
 */
export function createConnections(origin: string, max: number, options: Client.Options): Connections {
  const all: Connection[] = []
  const idle: Connection[] = []
  const waiting: Queued[] = []

  const open = (): Connection => {
    const connection = { client: new Client(origin, options), isIdle: false }
    connection.client.on('drain', () => free(connection))
    all.push(connection)
    return connection
  }

  const send = (connection: Connection, { request, handler }: Queued): void => {
    connection.isIdle = false
    const isReady = connection.client.dispatch(request, handler)
    // Else it says when it is, unless the request came to nothing before it was taken in.
    if (isReady || handler.isOver) free(connection)
  }

  const free = (connection: Connection): void => {
    if (connection.isIdle) return
    connection.isIdle = true
    idle.push(connection)
    serve()
  }

  let isServing = false
  /** Gives idle connections to those that wait. A request that ends at once frees its connection meanwhile. */
  const serve = (): void => {
    if (isServing) return
    isServing = true
    while (waiting.length > 0) {
      const connection = idle.pop()
      if (connection === undefined) break
      const next = waiting.shift()
      if (next === undefined || next.handler.isOver) idle.push(connection)
      else send(connection, next)
    }
    isServing = false
  }

  return {
    dispatch(queued) {
      const connection = idle.pop() ?? (all.length < max ? open() : undefined)
      if (connection === undefined) waiting.push(queued)
      else send(connection, queued)
    },
    async close() {
      await Promise.all(all.map(({ client }) => client.close()))
    },
  }
}
