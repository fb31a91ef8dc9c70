/** A slot that is never tried again must not stay for ever: above this number all counts start anew. */
const capacity = 10_000;
/** Counts the tries of each slot; the count starts anew once the fault has gone away. */
export function createTries() {
    const seen = new Map();
    return (slot, firstTries) => {
        const tries = seen.get(slot) ?? 0;
        seen.delete(slot);
        if (tries >= firstTries)
            return false;
        seen.set(slot, tries + 1);
        if (seen.size > capacity)
            seen.clear();
        return true;
    };
}
