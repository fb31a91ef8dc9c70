import type { UpstreamCall } from '../../domain/upstream.ts'
import { requestHeaders } from '../headers.ts'

/** A whole request. */
export interface RequestText {
  readonly text: string
  readonly encoding: 'latin1' | 'utf8'
}

/** Printable ASCII: nothing in it can end a line, and so begin a header or a request of its own. */
const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

/** Writes calls as HTTP/1.1 requests below `base`. Undefined: a part of it does not belong into a head. */
export function createRequestWriter(base: URL): (call: UpstreamCall) => RequestText | undefined {
  const prefix = base.pathname.replace(/\/$/, '')
  const common = ` HTTP/1.1\r\nhost: ${base.host}\r\nconnection: keep-alive\r\n`

  return (call) => {
    const { method, path, body } = call
    if (!isPrintable(path) || path.includes(' ')) return undefined
    let text = `${method} ${prefix}${path}${common}`
    const headers = requestHeaders(call)
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const value = headers[i + 1] ?? ''
      if (!isPrintable(value)) return undefined
      text += `${headers[i]}: ${value}\r\n`
    }
    if (body === undefined) return { text: `${text}\r\n`, encoding: 'latin1' }
    const bytes = Buffer.byteLength(body)
    return {
      text: `${text}content-length: ${bytes}\r\n\r\n${body}`,
      // What is ASCII is the same in both, and faster to write in this one.
      encoding: bytes === body.length ? 'latin1' : 'utf8',
    }
  }
}
