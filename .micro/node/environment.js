import { decodeGatewaySecret } from '../config/gateway-secret.js';
import { logLevels } from '../telemetry/lines.js';
/** Reads and checks the variables; gives all faults at once, none with a value. */
export function readEnvironment(variables) {
    const faults = [];
    const fault = (path, message) => faults.push({ path, message });
    const given = (name) => variables[name] || undefined;
    const port = (name) => {
        const text = given(name);
        if (text === undefined)
            return undefined;
        const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
        if (!(number <= 65_535))
            fault(name, 'must be a port number from 0 to 65535');
        return number;
    };
    const listenPort = port('PORT') ?? 8787;
    const metricsPort = port('METRICS_PORT');
    const logLevel = logLevels.find((level) => level === (given('LOG_LEVEL') ?? 'info'));
    if (logLevel === undefined)
        fault('LOG_LEVEL', `must be one of ${logLevels.join(', ')}`);
    const configPath = given('GATEWAY_CONFIG');
    const secret = readSecret(given('GATEWAY_SECRET'), configPath !== undefined, fault);
    if (logLevel === undefined || faults.length > 0)
        return { ok: false, faults };
    return {
        ok: true,
        environment: {
            host: given('HOST') ?? '127.0.0.1',
            port: listenPort,
            logLevel,
            ...(configPath !== undefined && { configPath }),
            ...(secret !== undefined && { secret }),
            ...(metricsPort !== undefined && { metricsPort }),
        },
    };
}
function readSecret(text, required, fault) {
    if (text === undefined && !required)
        return undefined;
    const decoded = decodeGatewaySecret(text);
    if (decoded.ok)
        return decoded.bytes;
    fault(decoded.fault.path, decoded.fault.message);
    return undefined;
}
