import { isIP, connect as openTcp, type Socket } from 'node:net'
import { connect as openTls } from 'node:tls'
import type { Clock } from '../../ports.ts'

/** Name lookup, TCP and TLS together. */
const CONNECT_TIMEOUT_MS = 10_000
const PROBE_AFTER_MS = 60_000
const READ_BYTES = 64 * 1024

/** What becomes of a socket. After `lost` nothing more is told; it may be told twice. */
export interface SocketEvents {
  /** Requests may be written; with TLS, to a host that has shown a valid certificate. */
  connected(): void
  /** Each character is one byte. */
  read(bytes: string): void
  /** The other side has no more to send. */
  ended(): void
  /** Not connected in time, reset, refused, or closed: by whom does not matter. */
  lost(): void
}

export type OpenSocket = (events: SocketEvents) => Socket

/** Opens sockets to the origin of `url`. */
export function createSocketOpener(url: URL, clock: Clock): OpenSocket {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (isSecure ? 443 : 80))
  // Node fills it and hands it out in one step, so that all sockets can do with one.
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  /** The last TLS session, for a shorter handshake. */
  let session: Buffer | undefined

  return ({ connected, read, ended, lost }) => {
    const callback = (count: number): boolean => {
      read(buffer.toString('latin1', 0, count))
      return true
    }
    const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS }
    const reading = { onread: { buffer, callback } }
    const socket = isSecure
      ? openTls({
          ...options,
          ...reading,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 && { servername: host }),
          ...(session && { session }),
        }).on('session', (fresh) => {
          session = fresh
        })
      : openTcp({ ...options, ...reading })

    const giveUp = clock.after(CONNECT_TIMEOUT_MS, () => socket.destroy())
    socket
      .once(isSecure ? 'secureConnect' : 'connect', () => {
        giveUp()
        connected()
      })
      .once('end', ended)
      // Told at once, where `close` waits for the event loop to come to it.
      .on('error', lost)
      .once('close', () => {
        giveUp()
        lost()
      })
    return socket
  }
}
