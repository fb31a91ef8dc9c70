import { createMemoryLedger } from '../ledger/memory.js';
import { withLocalLimits } from '../ledger/outage.js';
/** The ledger that the config names. A Redis that is out of reach is no fault: the gateway waits for it. */
export async function startLedger(config, clock, telemetry) {
    const memory = () => createMemoryLedger({ clock, telemetry });
    if (config.kind !== 'redis')
        return { ok: true, opened: { ledger: memory(), close: async () => { } } };
    // Half of all that the gateway would have to load, so only who needs it waits for it.
    const { createRedisLedger } = await import('../ledger/redis.js');
    try {
        const shared = await createRedisLedger({ url: config.url, clock, telemetry });
        const ledger = config.onOutage === 'local-limits' ? withLocalLimits(shared, memory()) : shared;
        return { ok: true, opened: { ledger, close: () => shared.close() } };
    }
    catch {
        // Its message could hold the URL, and the URL a password.
        return { ok: false, faults: [{ path: 'ledger.url', message: 'is not a Redis URL; see docs/redis.md' }] };
    }
}
