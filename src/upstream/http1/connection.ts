import type { Socket } from 'node:net'
import type { NotSentReason, UnknownReason } from '../../domain/upstream.ts'
import type { OpenSocket } from './open-socket.ts'
import type { RequestText } from './request-text.ts'
import { ResponseParser } from './response-parser.ts'

/** One request, and who is told what came of it: one of `answered`, `notSent` and `unknown`, once. */
export interface Exchange {
  readonly request: RequestText
  /** Its end has come: nothing is to be written. */
  readonly isOver: boolean
  /** Told right before the first byte is written. */
  writtenTo(connection: Connection): void
  /** `isWhole`: all of the body has come. */
  answered(response: ResponseParser, isWhole: boolean): void
  notSent(reason: NotSentReason): void
  unknown(reason: UnknownReason): void
}

export interface ConnectionOwner {
  readonly maxBodyBytes: number
  /** The connection may carry an exchange. `keepAlive`: what its last response says of that. */
  freed(connection: Connection, keepAlive?: string): void
  /** It never will again. */
  lost(connection: Connection): void
}

/** One socket, with at most one request on it at a time; the first is known before the socket is connected. */
export class Connection {
  /** While it is idle: until when it may be used, on the monotonic clock. For its owner. */
  idleUntil = 0
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  #exchange: Exchange | undefined
  /** Present when a request has been written whose response is not complete. */
  #response: ResponseParser | undefined
  #isLost = false

  constructor(openSocket: OpenSocket, first: Exchange, owner: ConnectionOwner) {
    this.#owner = owner
    this.#exchange = first
    this.#socket = openSocket({
      connected: () => this.#connected(first),
      read: (bytes) => this.#read(bytes),
      ended: () => this.#ended(),
      lost: () => this.hangUp(),
    })
  }

  carry(exchange: Exchange): void {
    this.#exchange = exchange
    this.#response = new ResponseParser(this.#owner.maxBodyBytes)
    exchange.writtenTo(this)
    this.#socket.write(exchange.request.text, exchange.request.encoding)
  }

  /** Hangs up on the exchange, which is told nothing more; gives what has come of its response. */
  abandon(): ResponseParser | undefined {
    const response = this.#response
    this.#exchange = undefined
    this.hangUp()
    return response
  }

  /** Closes the socket. An exchange that is under way is told. */
  hangUp(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#socket.destroy()
    this.#owner.lost(this)
    if (this.#response !== undefined) this.#conclude(this.#response, false, 'connection_reset')
    else this.#exchange?.notSent('cannot_connect')
  }

  #connected(first: Exchange): void {
    if (first.isOver) {
      this.#exchange = undefined
      this.#owner.freed(this)
    } else this.carry(first)
  }

  #read(bytes: string): void {
    const response = this.#response
    // Nobody has asked: what comes may not be taken for the answer to the next request.
    if (response === undefined) this.hangUp()
    else {
      const progress = response.read(bytes)
      if (progress !== 'more') this.#conclude(response, progress === 'done', 'protocol_error')
    }
  }

  #ended(): void {
    const response = this.#response
    if (response?.end() === 'done') this.#conclude(response, true, 'connection_reset')
    this.hangUp()
  }

  #conclude(response: ResponseParser, isWhole: boolean, otherwise: UnknownReason): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#response = undefined
    if (isWhole && response.isReusable && !this.#isLost) {
      this.#owner.freed(this, response.fields.get('keep-alive'))
    } else this.hangUp()
    if (response.status > 0) exchange?.answered(response, isWhole)
    else exchange?.unknown(otherwise)
  }
}
