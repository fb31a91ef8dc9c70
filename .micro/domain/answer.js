/** Renders `verdict` under `requestId`: the envelope of interface §5, or the upstream's success body. */
export function render(verdict, requestId, upstreamRequestId) {
    const origin = upstreamRequestId === undefined ? {} : { upstreamRequestId };
    if (verdict.kind === 'success') {
        const body = JSON.stringify({ ...verdict.body, request_id: requestId });
        return { status: verdict.status, body, ...origin };
    }
    const { status, type, code, message, param, outcome, retryAfterSeconds } = verdict;
    const error = { type, code, message, ...(param !== undefined && { param }), request_id: requestId };
    const body = JSON.stringify({ error });
    return {
        status,
        body,
        code,
        outcome,
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
        ...origin,
    };
}
