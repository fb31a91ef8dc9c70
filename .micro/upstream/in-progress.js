import { retryAfterSeconds } from '../domain/judge.js';
import { readUpstreamError } from '../domain/upstream-error.js';
/**
 * Waits out an upstream 409 `idempotency_in_progress` on the derived key: our own earlier attempt is still
 * running there, and the same key gets its answer later. Ends with the 409 when the deadline comes first, or
 * when a later try was turned away at the door: that says nothing about the attempt that is still running.
 */
export function withInProgressWait(clock) {
    return (next) => async (call, deadline) => {
        let running;
        for (;;) {
            const result = await next(call, deadline);
            if (running !== undefined && isTurnedAway(result))
                return running;
            if (call.idempotencyKey === undefined || !isInProgress(result))
                return result;
            const waitMs = retryAfterSeconds(result.headers.retryAfter, clock.now(), 1) * 1000;
            if (clock.now() + waitMs >= deadline)
                return result;
            running = result;
            await clock.sleep(waitMs);
        }
    };
}
const isInProgress = (result) => result.kind === 'answered' &&
    result.status === 409 &&
    readUpstreamError(result.body).code === 'idempotency_in_progress';
/** Refused before the upstream looked at the key: not connected, token or rate. */
const isTurnedAway = (result) => result.kind === 'not_sent' || (result.kind === 'answered' && [401, 403, 429].includes(result.status));
