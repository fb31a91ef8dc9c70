import { failure } from '../domain/errors.js';
export const unready = failure('service_unavailable', {
    message: 'The gateway is not ready. Nothing was sent; retry later.',
    retryAfterSeconds: 1,
});
const full = failure('service_unavailable', {
    message: 'The gateway has too many requests under way. Nothing was sent; retry later.',
    retryAfterSeconds: 1,
});
/** A bulkhead: past its limit requests are refused at once; a queue would only let all of them time out. */
export function createGate() {
    let isShut = false;
    let underWay = 0;
    return {
        enter(max) {
            if (isShut)
                return unready;
            if (underWay >= max)
                return full;
            underWay += 1;
            return undefined;
        },
        leave() {
            underWay -= 1;
        },
        shut() {
            isShut = true;
        },
        get isShut() {
            return isShut;
        },
        get underWay() {
            return underWay;
        },
    };
}
