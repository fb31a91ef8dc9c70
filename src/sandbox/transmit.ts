import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reply } from './reply.ts'

/**
 * How an answer leaves: `whole`; not at all, by TCP reset, by an orderly close, or by silence until the
 * caller gives up; in part, ended by a close (`cut_short`) or a reset; or as bytes that are not HTTP.
 */
export type Manner = 'whole' | 'reset' | 'close' | 'silence' | 'cut_short' | 'reset_mid_body' | 'garbage'

/**
 * Writes `reply` to the socket in the given manner. Resolves when nothing more will happen on this exchange;
 * a caller that has already hung up is no error.
 */
export async function transmit(reply: Reply, manner: Manner, outgoing: ServerResponse): Promise<void> {
  const { socket } = outgoing
  if (socket === null || socket.destroyed) return
  switch (manner) {
    case 'whole':
      outgoing.writeHead(reply.status, { ...reply.headers, 'Content-Length': Buffer.byteLength(reply.body) })
      outgoing.end(reply.body)
      return
    case 'reset':
      socket.resetAndDestroy()
      return
    case 'close':
      socket.destroy()
      return
    case 'silence':
      return closed(outgoing)
    case 'cut_short':
      await writeHalf(reply, outgoing)
      socket.end()
      return closed(outgoing)
    case 'reset_mid_body':
      await writeHalf(reply, outgoing)
      // A reset that overtakes the caller's reading would look like an orderly end to it.
      await sleep(10, undefined, { ref: false })
      socket.resetAndDestroy()
      return
    case 'garbage':
      socket.end('220 this is not HTTP\r\n')
      return closed(outgoing)
  }
}

/** Declares the whole body and writes the first half of it; resolves when the bytes are with the kernel. */
function writeHalf({ status, headers, body }: Reply, outgoing: ServerResponse): Promise<void> {
  const bytes = Buffer.from(body)
  outgoing.writeHead(status, { ...headers, 'Content-Length': bytes.length })
  return new Promise((resolve) => {
    outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => resolve())
  })
}

function closed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => outgoing.once('close', () => resolve()))
}
