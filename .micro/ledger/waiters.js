export function createWaiters(clock) {
    const waiting = new Map();
    return {
        wait(key, ms) {
            return new Promise((resolve) => {
                const others = waiting.get(key) ?? new Set();
                waiting.set(key, others);
                const cancel = clock.after(ms, () => {
                    others.delete(answered);
                    if (others.size === 0 && waiting.get(key) === others)
                        waiting.delete(key);
                    resolve(undefined);
                });
                const answered = (answer) => {
                    cancel();
                    resolve(answer);
                };
                others.add(answered);
            });
        },
        wake(key, answer) {
            const woken = waiting.get(key);
            if (woken === undefined)
                return;
            waiting.delete(key);
            for (const answered of woken)
                answered(answer);
        },
    };
}
