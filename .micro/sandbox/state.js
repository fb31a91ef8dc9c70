import { randomUUID } from 'node:crypto';
import { createCounters } from './counters.js';
import { createIdempotency } from './idempotency.js';
import { createMessages } from './messages.js';
import { createRateLimit } from './rate-limit.js';
import { createRequestLog } from './request-log.js';
import { createTries } from './tries.js';
export function createState(settings) {
    return {
        rateLimit: createRateLimit(settings),
        claim: createIdempotency(settings),
        messages: createMessages(settings.now),
        counters: createCounters(),
        log: createRequestLog(),
        stillFires: createTries(),
        secret: randomUUID(),
    };
}
