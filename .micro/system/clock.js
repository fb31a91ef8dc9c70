/** Timers of a longer delay would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** The real clock: the only place that reads the time or sets a timer. */
export const systemClock = {
    now: Date.now,
    monotonic: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS))),
    after: (ms, run) => {
        const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
        return () => clearTimeout(timer);
    },
};
