export function createWakeUps(clock) {
    const waiting = new Map();
    const wake = (topic) => {
        for (const woken of waiting.get(topic) ?? [])
            woken();
    };
    return {
        expect(topic) {
            let isWoken = false;
            let tell;
            const woken = () => {
                isWoken = true;
                tell?.();
            };
            const others = waiting.get(topic) ?? new Set();
            waiting.set(topic, others.add(woken));
            return {
                async within(ms) {
                    if (!isWoken) {
                        await new Promise((resolve) => {
                            const cancel = clock.after(ms, resolve);
                            tell = () => {
                                cancel();
                                resolve();
                            };
                        });
                    }
                    isWoken = false;
                },
                forget() {
                    others.delete(woken);
                    if (others.size === 0 && waiting.get(topic) === others)
                        waiting.delete(topic);
                },
            };
        },
        wake,
        wakeAll: () => [...waiting.keys()].forEach(wake),
    };
}
