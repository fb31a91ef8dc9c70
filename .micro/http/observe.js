/** How telemetry is told of a request that was answered. */
export function requestFinished(request, { reply, credential, phoneNumberId }) {
    const { requestId, method, route, durationMs, correlationId } = request;
    const { answer, replayed, upstreamMs } = reply;
    const { code, outcome, upstreamRequestId } = answer;
    return {
        event: 'request',
        requestId,
        method,
        route,
        status: answer.status,
        durationMs,
        ...(upstreamMs !== undefined && { upstreamMs }),
        ...(code !== undefined && { code }),
        ...(outcome !== undefined && { outcome }),
        ...(replayed !== undefined && { replayed }),
        ...(credential !== undefined && { tenant: credential.tenant.id, keyId: credential.key.id }),
        ...(phoneNumberId !== undefined && { phoneNumberId }),
        ...(upstreamRequestId !== undefined && { upstreamRequestId }),
        ...(correlationId !== undefined && isCorrelationId(correlationId) && { correlationId }),
    };
}
/** Short and harmless, or it is not logged at all. */
const isCorrelationId = (text) => /^[A-Za-z0-9_.:-]{1,128}$/.test(text);
