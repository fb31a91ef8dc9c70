import { render } from '../domain/answer.js';
import { failure } from '../domain/errors.js';
/** The headers of a reply, all of interface §4. */
export function replyHeaders({ answer, standings, replayed }, requestId) {
    const headers = answerHeaders(answer, requestId);
    if (replayed !== undefined)
        headers['Idempotent-Replayed'] = replayed ? 'true' : 'false';
    if (standings !== undefined)
        addStandings(headers, standings);
    return headers;
}
/** The only maker of responses in the app; tells `observe` what was answered. */
export function respond(c, handled, extra = {}) {
    c.set('handled', handled);
    const { answer } = handled.reply;
    const headers = replyHeaders(handled.reply, c.get('requestId'));
    if (extra.allow !== undefined)
        headers.Allow = extra.allow;
    return new Response(answer.body, { status: answer.status, headers });
}
/** Answers with an error of the catalogue. */
export function refuse(c, code, detail, extra) {
    return refuseWith(c, failure(code, detail), {}, extra);
}
/** Answers with `fault`; `known` is what telemetry is told of the caller. */
export function refuseWith(c, fault, known = {}, extra) {
    return respond(c, { reply: { answer: render(fault, c.get('requestId')) }, ...known }, extra);
}
/** Answers with a body of the gateway's own. */
export function succeed(c, body, known = {}, standings) {
    const answer = render({ kind: 'success', status: 200, body }, c.get('requestId'));
    return respond(c, { reply: { answer, ...(standings && { standings }) }, ...known });
}
/** The headers of every answer, also of those written before there is a route (see `node-server.ts`). */
export function answerHeaders(answer, requestId) {
    const headers = {
        'Content-Type': 'application/json',
        'X-Request-Id': requestId,
        'Cache-Control': 'no-store',
    };
    const { outcome, retryAfterSeconds, upstreamRequestId } = answer;
    if (outcome !== undefined)
        headers['Gateway-Outcome'] = outcome;
    if (retryAfterSeconds !== undefined)
        headers['Retry-After'] = String(retryAfterSeconds);
    if (upstreamRequestId !== undefined)
        headers['X-Upstream-Request-Id'] = upstreamRequestId;
    return headers;
}
/** A failure outside the app: there is no context yet. */
export function bareAnswer(fault, requestId) {
    const answer = render(fault, requestId);
    return { answer, headers: answerHeaders(answer, requestId) };
}
/**
 * `X-RateLimit-*` as the upstream has them (contract §8), and `RateLimit-Policy`/`RateLimit` after
 * draft-ietf-httpapi-ratelimit-headers-09. The tenant's own limits only.
 */
function addStandings(headers, standings) {
    const { class: rateClass, at, bucket, day, month } = standings;
    const secondsTo = (end) => Math.max(0, Math.ceil((end - at) / 1000));
    headers['X-RateLimit-Limit'] = String(bucket.limit);
    headers['X-RateLimit-Remaining'] = String(bucket.remaining);
    headers['X-RateLimit-Reset'] = String(Math.ceil(bucket.fullAt / 1000));
    let policy = `"${rateClass}";q=${bucket.limit};w=60`;
    let left = `"${rateClass}";r=${bucket.remaining};t=${secondsTo(bucket.fullAt)}`;
    for (const [name, window] of [
        ['day', day],
        ['month', month],
    ]) {
        if (window === undefined)
            continue;
        policy += `, "${name}";q=${window.limit};w=${(window.resetsAt - window.startedAt) / 1000}`;
        left += `, "${name}";r=${window.remaining};t=${secondsTo(window.resetsAt)}`;
    }
    headers['RateLimit-Policy'] = policy;
    headers.RateLimit = left;
}
