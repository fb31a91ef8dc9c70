/**
 * The ledger of every account behind `find`, which gives the object of one. A call that failed on the way is made
 * once more where the runtime says that this is sensible: opening twice for one owner charges once.
 */
export function createRemoteLedger(find, anyAccount) {
    const withRetry = async (account, verb) => {
        try {
            return await verb(find(account));
        }
        catch (error) {
            if (!isRetryable(error))
                throw error;
            return verb(find(account));
        }
    };
    return {
        open: (entry) => withRetry(entry.account, (ledger) => ledger.open(entry)),
        settle: (entry, outcome) => withRetry(entry.account, (ledger) => ledger.settle(entry, outcome)),
        standings: (entry) => withRetry(entry.account, (ledger) => ledger.standings(entry)),
        reachable: () => find(anyAccount()).reachable(),
    };
}
/** What Durable Object stubs put on their errors. */
const isRetryable = (error) => error instanceof Error &&
    'retryable' in error &&
    error.retryable === true &&
    !('overloaded' in error && error.overloaded);
