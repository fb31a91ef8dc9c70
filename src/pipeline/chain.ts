import type { MaybePromise } from '../ports.ts'

/** Whether the answer of a port is still to come. */
export const isPending = <T>(value: MaybePromise<T>): value is Promise<T> => value instanceof Promise

/**
 * `next` of `value`: at once when it is there. An `await` would send even a value that is there through the queue
 * of microtasks, and the hot path has a dozen ports that answer at once on Node.
 */
export const chain = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  isPending(value) ? value.then(next) : next(value)
