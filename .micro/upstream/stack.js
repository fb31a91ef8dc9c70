import { withInProgressWait } from './in-progress.js';
import { withTelemetry } from './observed.js';
/**
 * The layers over a transport, outermost first. Waiting stands outside telemetry so that every attempt
 * on the wire is an event of its own.
 */
export function stackUpstream(transport, { clock, telemetry }, _settings) {
    const layers = [withInProgressWait(clock), withTelemetry(clock, telemetry)];
    return layers.reduceRight((next, layer) => layer(next), transport);
}
