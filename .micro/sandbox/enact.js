import { setTimeout as sleep } from 'node:timers/promises';
export const whole = (reply) => ({ reply, manner: 'whole' });
const nothing = { status: 0, headers: {}, body: '' };
/** Runs `process` as the fault allows it; without a fault its answer goes out as it is. `slowMs`: see `slow`. */
export async function enact(act, facts, slowMs, process) {
    if (act?.kind === 'refuse')
        return whole(act.reply(facts));
    if (act?.kind === 'drop')
        return { reply: nothing, manner: act.manner };
    // Unreferenced: a sandbox that was closed meanwhile must not keep the process alive.
    if (act?.slow)
        await sleep(slowMs, undefined, { ref: false });
    const answer = process();
    const truth = act?.status === undefined ? answer : { ...answer, status: act.status };
    return { truth, reply: act?.distort?.(truth, facts) ?? truth, manner: act?.manner ?? 'whole' };
}
