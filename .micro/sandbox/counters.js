export function createCounters() {
    const total = { requests: 0, posts: 0, messagesSent: 0, receipts: 0, replays: 0, duplicates: 0 };
    const byOrganisation = new Map();
    const tally = (organisation, key) => {
        const keys = byOrganisation.get(organisation) ?? new Map();
        const counted = keys.get(key) ?? { received: 0, sent: 0 };
        byOrganisation.set(organisation, keys);
        keys.set(key, counted);
        return counted;
    };
    return {
        request(method) {
            total.requests += 1;
            if (method === 'POST')
                total.posts += 1;
        },
        keyedPost(organisation, key) {
            tally(organisation, key).received += 1;
        },
        sent(organisation, key) {
            total.messagesSent += 1;
            if (key === undefined)
                return;
            const counted = tally(organisation, key);
            counted.sent += 1;
            if (counted.sent > 1)
                total.duplicates += 1;
        },
        receipt() {
            total.receipts += 1;
        },
        replay() {
            total.replays += 1;
        },
        stats() {
            const sums = new Map();
            for (const keys of byOrganisation.values()) {
                for (const [key, { received, sent }] of keys) {
                    const sum = sums.get(key);
                    sums.set(key, { received: (sum?.received ?? 0) + received, sent: (sum?.sent ?? 0) + sent });
                }
            }
            return { ...total, byKey: Object.fromEntries(sums) };
        },
    };
}
