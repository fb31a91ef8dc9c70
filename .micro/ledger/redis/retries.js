/** More than this is not kept: each lease then ends by itself. */
const MAX_PENDING = 10_000;
const BATCH = 100;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Does work again, in the background, until it succeeds or its time is over. While Redis is down it only waits. */
export function createRetries(clock, isUp) {
    let pending = [];
    let pause = SHORTEST_PAUSE_MS;
    let cancel;
    const schedule = () => {
        cancel ??= clock.after(pause, () => void turn());
    };
    const turn = async () => {
        const now = clock.monotonic();
        pending = pending.filter(({ until }) => until > now);
        const due = isUp() ? pending.filter(({ from }) => from <= now).slice(0, BATCH) : [];
        const done = new Set();
        const attempt = async (retry) => {
            await retry.run();
            done.add(retry);
        };
        await Promise.allSettled(due.map(attempt));
        pending = pending.filter((retry) => !done.has(retry));
        pause = done.size > 0 ? SHORTEST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
        cancel = undefined;
        if (pending.length > 0)
            schedule();
    };
    return {
        add(retry) {
            if (pending.length >= MAX_PENDING)
                return;
            if (pending.length === 0)
                pause = SHORTEST_PAUSE_MS;
            pending.push(retry);
            schedule();
        },
        close() {
            pending = [];
            cancel?.();
        },
    };
}
