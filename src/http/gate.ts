import { type Failure, failure } from '../domain/errors.ts'

/** What every request to the API passes: one for a process or an isolate, whatever config is in force. */
export interface Gate {
  /** Lets one request in, which must `leave` again; or says why not. At most `max` are under way at once. */
  enter(max: number): Failure | undefined
  leave(): void
  /** From now on nobody is let in. */
  shut(): void
  readonly isShut: boolean
  readonly underWay: number
}

export const unready: Failure = failure('service_unavailable', {
  message: 'The gateway is not ready. Nothing was sent; retry later.',
  retryAfterSeconds: 1,
})

const full: Failure = failure('service_unavailable', {
  message: 'The gateway has too many requests under way. Nothing was sent; retry later.',
  retryAfterSeconds: 1,
})

/** A bulkhead: past its limit requests are refused at once; a queue would only let all of them time out. */
export function createGate(): Gate {
  let isShut = false
  let underWay = 0
  return {
    enter(max) {
      if (isShut) return unready
      if (underWay >= max) return full
      underWay += 1
      return undefined
    },
    leave() {
      underWay -= 1
    },
    shut() {
      isShut = true
    },
    get isShut() {
      return isShut
    },
    get underWay() {
      return underWay
    },
  }
}
