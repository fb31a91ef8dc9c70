/** What has come of a response: `more` is to come, it is `done`, or it is `broken`: against the rules, or over a cap. */
export type Progress = 'more' | 'done' | 'broken'

/** A head, a line of a chunked body, or all trailers: as much as Node's own parser takes. */
export const MAX_HEAD_BYTES = 16 * 1024

// RFC 9112 §4 and §5, RFC 9110 §5; lines are never folded.
const token = String.raw`[!#$%&'*+\-.^_\x60|~\dA-Za-z]+`
const text = String.raw`[\t\x20-\x7e\x80-\xff]`
const field = `${token}:${text}*`
const headPattern = new RegExp(String.raw`^HTTP/1\.[01] [1-9]\d\d(?: ${text}*)?(?:\r\n${field})*$`)
/** What delimits a message has no place behind it (RFC 9110 §6.5.1). */
const trailerPattern = new RegExp(`^(?!content-length:|transfer-encoding:)${field}$`, 'i')

/** RFC 9112 §7.1: a size in hex, perhaps with extensions. */
const quoted = String.raw`"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\${text})*"`
const chunkSizePattern = new RegExp(`^([\\dA-Fa-f]{1,16})(?:;${token}(?:=(?:${token}|${quoted}))?)*$`)

const lengthPattern = /^\d{1,15}$/
const closePattern = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i

/** What is to be read next. `until_end`: all that comes until the other side has no more. */
type Part = 'head' | 'length' | 'until_end' | 'chunk_size' | 'chunk' | 'trailer' | 'nothing'

export type Fields = ReadonlyMap<string, string>

/**
 * Reads one response to a GET or POST as HTTP/1.1 puts it on the wire, strictly: what two readers could take for two
 * different things is `broken`. Bytes are given as text, one character each (Latin-1), in pieces of any size.
 */
export class ResponseParser {
  /** Of the final response, once its head was read without fault; until then 0. */
  status = 0
  /** By lower-case name; values of one name are joined by ", ". */
  fields: Fields = new Map()
  /** What has come of the body, a character for each byte. */
  body = ''
  /** Whether the connection may carry another request after this response. */
  isReusable = false
  readonly #maxBodyBytes: number
  #part: Part = 'head'
  #unread = ''
  /** Of the body, of the chunk that is next, or of the trailers so far. */
  #bytes = 0

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes
  }

  /** Reads on. Nothing may be given any more after `done` or `broken`. */
  read(bytes: string): Progress {
    this.#unread = this.#unread === '' ? bytes : this.#unread + bytes
    let progress: Progress | undefined
    while (progress === undefined) progress = this.#readPart()
    // Bytes that nobody asked for: whatever they are, they do not answer the next request.
    if (progress === 'done' && this.#unread !== '') this.isReusable = false
    return progress
  }

  /** The other side has no more to send. */
  end(): Progress {
    if (this.#part !== 'until_end') return 'broken'
    this.body = this.#unread
    return 'done'
  }

  /** Undefined: the part was read, and the next one may have come as well. */
  #readPart(): Progress | undefined {
    switch (this.#part) {
      case 'head':
        return this.#readHead()
      case 'length':
        if (this.#unread.length < this.#bytes) return 'more'
        this.body = this.#take(this.#bytes)
        return 'done'
      case 'until_end':
        return this.#unread.length > this.#maxBodyBytes ? 'broken' : 'more'
      case 'chunk_size':
        return this.#readChunkSize()
      case 'chunk':
        return this.#readChunk()
      case 'trailer':
        return this.#readTrailer()
      case 'nothing':
        return 'done'
    }
  }

  #readHead(): Progress | undefined {
    const head = this.#takeUntil('\r\n\r\n')
    if (head === undefined) return isHttp(this.#unread) ? this.#waitForLine() : 'broken'
    if (head.length > MAX_HEAD_BYTES || !headPattern.test(head)) return 'broken'
    const status = Number(head.slice(9, 12))
    const isOld = head.startsWith('HTTP/1.0')
    const fields = readFields(head)
    // A switch of protocols was not asked for; other interim responses say nothing (RFC 9110 §15.2).
    if (status < 200) return status === 101 || isOld || closes(fields) ? 'broken' : undefined

    const part = this.#partAfter(status, isOld, fields)
    if (part === undefined) return 'broken'
    this.#part = part
    this.status = status
    this.fields = fields
    return part === 'length' && this.#bytes > this.#maxBodyBytes ? 'broken' : undefined
  }

  /** How the body is delimited (RFC 9112 §6.3); undefined: that cannot be told for certain. */
  #partAfter(status: number, isOld: boolean, fields: Fields): Part | undefined {
    const coding = fields.get('transfer-encoding')
    const length = fields.get('content-length')
    if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || length !== undefined || isOld)) return
    if (length !== undefined && !lengthPattern.test(length)) return
    this.isReusable = !isOld && !closes(fields)
    if (status === 204 || status === 304) return 'nothing'
    if (coding !== undefined) return 'chunk_size'
    if (length !== undefined) {
      this.#bytes = Number(length)
      return 'length'
    }
    this.isReusable = false
    return 'until_end'
  }

  #readChunkSize(): Progress | undefined {
    const line = this.#takeUntil('\r\n')
    if (line === undefined) return this.#waitForLine()
    const size = chunkSizePattern.exec(line)?.[1]
    if (size === undefined) return 'broken'
    const bytes = Number.parseInt(size, 16)
    if (this.body.length + bytes > this.#maxBodyBytes) return 'broken'
    this.#part = bytes === 0 ? 'trailer' : 'chunk'
    this.#bytes = bytes
  }

  #readChunk(): Progress | undefined {
    if (this.#unread.length < this.#bytes + 2) return 'more'
    this.body += this.#take(this.#bytes)
    if (this.#take(2) !== '\r\n') return 'broken'
    this.#part = 'chunk_size'
  }

  /** Trailers are of no use here. */
  #readTrailer(): Progress | undefined {
    const line = this.#takeUntil('\r\n')
    if (line === undefined) return this.#waitForLine()
    this.#bytes += line.length
    if (line === '') this.#part = 'nothing'
    else if (this.#bytes > MAX_HEAD_BYTES || !trailerPattern.test(line)) return 'broken'
  }

  #waitForLine(): Progress {
    return this.#unread.length > MAX_HEAD_BYTES ? 'broken' : 'more'
  }

  /** What comes before `mark`, which is taken too; undefined: it has not come. */
  #takeUntil(mark: string): string | undefined {
    const end = this.#unread.indexOf(mark)
    if (end === -1) return undefined
    const taken = this.#take(end)
    this.#take(mark.length)
    return taken
  }

  #take(count: number): string {
    const taken = this.#unread.slice(0, count)
    this.#unread = this.#unread.slice(count)
    return taken
  }
}

/** Whether `beginning` may become a response. Who speaks something else may never end its line. */
const isHttp = (beginning: string): boolean => beginning.startsWith('HTTP/1.'.slice(0, beginning.length))

/** Whether the connection is not to be used after a head with these fields (RFC 9112 §9.6). */
const closes = (fields: Fields): boolean => closePattern.test(fields.get('connection') ?? '')

/** The fields of a head that is known to be well formed. */
function readFields(head: string): Fields {
  const fields = new Map<string, string>()
  let end = head.indexOf('\r\n')
  while (end !== -1) {
    const start = end + 2
    end = head.indexOf('\r\n', start)
    const line = end === -1 ? head.slice(start) : head.slice(start, end)
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = withoutBlanks(line, colon + 1)
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return fields
}

/** `line` from `start` without blanks around it. These are two (RFC 9110 §5.6.3), fewer than `trim` takes off. */
function withoutBlanks(line: string, start: number): string {
  let from = start
  let to = line.length
  while (from < to && isBlank(line.charCodeAt(from))) from += 1
  while (to > from && isBlank(line.charCodeAt(to - 1))) to -= 1
  return line.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
