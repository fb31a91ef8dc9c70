import { connect } from 'node:net'

/** One HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A client that writes any bytes it likes. Strings are written byte by byte (latin1). */
export interface RawConnection {
  send(bytes: string | Uint8Array): void
  /** Reads nothing more until `resume`, so that the server's writes come to a halt. */
  pause(): void
  resume(): void
  /** Ends the client's side only. */
  finish(): void
  /** Hangs up when all that was sent is with the kernel. */
  hangUp(): void
  /** Ends the connection with a TCP reset. */
  reset(): void
  /** The next answer, whole; rejects when the connection ends first. */
  answer(): Promise<RawAnswer>
  /** Waits until the server has ended its side; gives all answers that came and were not asked for. */
  rest(): Promise<RawAnswer[]>
  /** Waits until the connection is gone, from the server's side too: writing to it fails. */
  gone(): Promise<void>
}

const PATIENCE_MS = 5000

const open = new Set<() => void>()

/** Closes every connection that a test has left open. */
export function closeConnections(): void {
  for (const destroy of open) destroy()
}

export function openConnection(port: number): RawConnection {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.setNoDelay(true)
  let received = Buffer.alloc(0)
  let ended = false
  let closed = false
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const look of watchers) look()
  }
  const destroy = () => socket.destroy()
  open.add(destroy)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    changed()
  })
  socket.on('end', () => {
    ended = true
    changed()
  })
  // A reset by the server shows as the end of the connection.
  socket.on('error', () => {})
  socket.on('close', () => {
    open.delete(destroy)
    ended = true
    closed = true
    changed()
  })

  /** Waits until `look` finds something; rejects when it cannot any more. */
  const until = <T>(what: string, look: () => T | undefined, isLost: () => boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void) => {
        clearTimeout(timer)
        watchers.delete(check)
        act()
      }
      const check = () => {
        try {
          const found = look()
          if (found !== undefined) finish(() => resolve(found))
          else if (isLost()) finish(() => reject(new Error(`the connection ended before ${what}`)))
        } catch (error) {
          finish(() => reject(error))
        }
      }
      const timer = setTimeout(() => finish(() => reject(new Error(`timed out before ${what}`))), PATIENCE_MS)
      watchers.add(check)
      check()
    })

  const take = (): RawAnswer | undefined => {
    const parsed = parseAnswer(received)
    if (parsed === undefined) return undefined
    received = received.subarray(parsed.length)
    return parsed.answer
  }

  return {
    send: (bytes) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    finish: () => void socket.end(),
    hangUp: () => void socket.write('', () => socket.destroy()),
    reset: () => void socket.resetAndDestroy(),
    answer: () => until('an answer', take, () => ended),
    async rest() {
      await until(
        'the server ended its side',
        () => ended || undefined,
        () => false,
      )
      const answers: RawAnswer[] = []
      for (let next = take(); next !== undefined; next = take()) answers.push(next)
      if (received.length > 0) throw new Error(`bytes that are no answer: ${received.toString('latin1')}`)
      return answers
    },
    async gone() {
      const knocking = setInterval(() => socket.write('\r\n'), 20)
      try {
        await until(
          'the connection was gone',
          () => closed || undefined,
          () => false,
        )
      } finally {
        clearInterval(knocking)
      }
    },
  }
}

/** The first answer in `bytes` and its length; undefined when it is not all there. Throws on what is no HTTP. */
function parseAnswer(bytes: Buffer): { answer: RawAnswer; length: number } | undefined {
  const head = bytes.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, head).toString('latin1').split('\r\n')
  const status = /^HTTP\/1\.1 ([1-5]\d\d) [ -~]+$/.exec(statusLine)?.[1]
  if (status === undefined) throw new Error(`not a status line: ${statusLine}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([ -~]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a header: ${line}`)
    if (headers.has(name.toLowerCase())) throw new Error(`given twice: ${line}`)
    headers.set(name.toLowerCase(), value)
  }
  const start = head + 4
  if (status.startsWith('1')) return { answer: { status: Number(status), headers, body: '' }, length: start }
  const declared = headers.get('content-length')
  if (declared === undefined) throw new Error(`no Content-Length: ${lines.join('; ')}`)
  const length = start + Number(declared)
  if (bytes.length < length) return undefined
  const body = bytes.subarray(start, length).toString('utf8')
  return { answer: { status: Number(status), headers, body }, length }
}
