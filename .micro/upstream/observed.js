/** Tells telemetry of every attempt on the wire. */
export function withTelemetry(clock, telemetry) {
    return (next) => async (call, deadline) => {
        const began = clock.monotonic();
        const result = await next(call, deadline);
        telemetry.record({
            event: 'upstream',
            requestId: call.requestId,
            account: call.account,
            result: result.kind === 'answered' ? 'answered' : result.reason,
            ...(result.kind === 'answered' && { status: result.status }),
            durationMs: clock.monotonic() - began,
        });
        return result;
    };
}
