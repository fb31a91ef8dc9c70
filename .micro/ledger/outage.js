/**
 * Lets `local` stand in for `shared` for requests without a key while `shared` is out of reach: each process then
 * holds its tenants to their limits by itself. Requests with a key are still refused, since nobody could promise
 * that the same key is not being sent by another process.
 */
export function withLocalLimits(shared, local) {
    /** Requests that `local` let go: it settles them too, wherever `shared` is by then. */
    const own = new Set();
    return {
        ...shared,
        async open(entry) {
            try {
                return await shared.open(entry);
            }
            catch (error) {
                if (entry.slot !== undefined)
                    throw error;
                const opened = await local.open(entry);
                if (opened.kind === 'go')
                    own.add(entry.owner);
                return opened;
            }
        },
        settle: (entry, outcome) => own.delete(entry.owner) ? local.settle(entry, outcome) : shared.settle(entry, outcome),
    };
}
