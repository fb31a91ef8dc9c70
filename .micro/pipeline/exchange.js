import { render } from '../domain/answer.js';
import { failure } from '../domain/errors.js';
import { judge } from '../domain/judge.js';
import { holdsToken } from '../domain/tenant.js';
/** A lease outlives the deadline by this, so that only a crashed owner can lose it. */
const LEASE_MARGIN_MS = 10_000;
export const leaseMs = (timeoutMs) => timeoutMs + LEASE_MARGIN_MS;
/**
 * The line that every relayed request takes: open the ledger, call the upstream, judge, settle, render.
 * A throw between open and settle leaves the record to its lease, which is the safe reading.
 */
export async function exchange(ports, asked) {
    const { clock, transport, telemetry, timeoutMs } = ports;
    const { operation, account } = asked;
    const { entry, opened } = await openAcrossVersions(ports, asked);
    const requestId = entry.owner;
    if (opened.kind !== 'go')
        return turnedAway(opened, requestId, entry.slot !== undefined);
    const call = await asked.call(opened.body);
    const began = clock.monotonic();
    const result = await transport(call, clock.now() + timeoutMs);
    const upstreamMs = clock.monotonic() - began;
    const judged = judge(result, { operation, resumed: opened.resumed, account, now: clock.now() });
    if (judged.credentialsRefused)
        telemetry.record({ event: 'upstream_auth_failed', account: account.id, requestId });
    const headers = result.kind === 'answered' ? result.headers : {};
    const answer = render(judged.verdict, requestId, shownId(headers.requestId, account));
    const standings = (await settleLedger(ports, entry, outcomeOf(judged, answer, headers))) ?? opened.standings;
    const reply = { answer, standings, upstreamMs };
    return entry.slot === undefined ? reply : { ...reply, replayed: headers.replayed === 'true' };
}
/** The tokens a call may use, in the order they are tried. */
export const tokensOf = ({ token, nextToken }) => ({
    token,
    ...(nextToken && { nextToken }),
});
/** What the tenant is certain of when the limits of its account are contended. */
export const shareOf = ({ account, weight }) => ({
    weight,
    of: account.weights,
});
/** The upstream's request id goes into a header and the log, so it must be nothing but an id. */
const shownId = (id, account) => id === undefined || holdsToken(account, id) ? undefined : id;
/** What the ledger is told; the upstream's count of tokens belongs to the account and goes no further. */
const outcomeOf = ({ settlement, giveBack }, answer, { tokensLeft }) => ({
    settlement,
    answer,
    giveBack,
    ...(tokensLeft !== undefined && { accountTokensLeft: tokensLeft }),
});
/**
 * Opens the ledger. A key that an earlier release has bound under its own fingerprint is opened under that one
 * when the request means the same; the entry that was let go is given back, since it must be settled.
 */
async function openAcrossVersions(ports, { entry, matches }) {
    const opened = await openLedger(ports, entry);
    if (opened.kind !== 'other_version' || entry.slot === undefined)
        return { entry, opened };
    if (!(await matches?.(opened.body)))
        return { entry, opened: { ...opened, kind: 'mismatch' } };
    const asBound = { ...entry, slot: { ...entry.slot, fingerprint: opened.fingerprint } };
    return { entry: asBound, opened: await openLedger(ports, asBound) };
}
async function openLedger({ ledger, telemetry }, entry) {
    try {
        return await ledger.open(entry);
    }
    catch {
        telemetry.record({ event: 'ledger_failed', verb: 'open', requestId: entry.owner });
        return { kind: 'unreachable' };
    }
}
/**
 * Settling never changes the answer: what the upstream said stands, and an open lease ends by itself.
 * Gives the standings anew when charges came back.
 */
async function settleLedger({ ledger, telemetry }, entry, outcome) {
    try {
        const held = await ledger.settle(entry, outcome);
        if (!held)
            telemetry.record({ event: 'lease_lost', requestId: entry.owner });
    }
    catch {
        telemetry.record({ event: 'ledger_failed', verb: 'settle', requestId: entry.owner });
        return undefined;
    }
    if (!outcome.giveBack)
        return undefined;
    try {
        return await ledger.standings(entry);
    }
    catch {
        return undefined;
    }
}
const refusalCodes = {
    rate: 'rate_limit_exceeded',
    quota: 'quota_exceeded',
    concurrency: 'concurrency_exceeded',
    account_rate: 'upstream_rate_limited',
};
/** The reply to a request that the ledger did not let go. */
function turnedAway(opened, requestId, keyed) {
    const standings = 'standings' in opened ? { standings: opened.standings } : {};
    if (opened.kind === 'replay')
        return { answer: opened.answer, replayed: true, ...standings };
    return { answer: render(turnedAwayBy(opened), requestId), ...(keyed && { replayed: false }), ...standings };
}
function turnedAwayBy(opened) {
    switch (opened.kind) {
        case 'in_flight':
            return failure('idempotency_in_progress', { outcome: 'unknown', retryAfterSeconds: 1 });
        case 'mismatch':
        // Bound anew between two looks: as good as a mismatch, and just as certain that nothing was sent.
        case 'other_version':
            return failure('idempotency_key_reuse');
        case 'refused':
            return failure(refusalCodes[opened.by], {
                outcome: opened.resumed ? 'unknown' : 'not_sent',
                retryAfterSeconds: Math.max(1, Math.ceil(opened.retryAfterMs / 1000)),
            });
        case 'full':
        case 'unreachable':
            return failure('service_unavailable', { retryAfterSeconds: 1 });
    }
}
