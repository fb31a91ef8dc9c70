import { STATUS_CODES } from 'node:http';
import { bareAnswer } from '../http/reply.js';
/**
 * How long a refused connection is still read from. Closing on unread bytes resets it, which can take the
 * answer away from a client that is still writing (RFC 9112 §9.6).
 */
const LINGER_MS = 500;
export function createRefusals(entropy, telemetry) {
    const refusal = (fault) => {
        const requestId = entropy.id('req');
        telemetry.record({ event: 'connection_refused', requestId, code: fault.code });
        return bareAnswer(fault, requestId);
    };
    const closing = (fault) => {
        const { answer, headers } = refusal(fault);
        const length = String(Buffer.byteLength(answer.body));
        return { answer, fields: { ...headers, 'Content-Length': length, Connection: 'close' } };
    };
    return {
        asResponse(fault) {
            const { answer, headers } = refusal(fault);
            return new Response(answer.body, { status: answer.status, headers });
        },
        through(response, fault) {
            const { answer, fields } = closing(fault);
            response.writeHead(answer.status, fields).end(answer.body);
        },
        onto(socket, fault, allow) {
            if (!socket.writable) {
                socket.destroy();
                return;
            }
            const { answer, fields } = closing(fault);
            const lines = Object.entries({ ...fields, ...(allow !== undefined && { Allow: allow }) }).map(([name, value]) => `${name}: ${value}\r\n`);
            socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines.join('')}\r\n${answer.body}`);
            const linger = setTimeout(() => socket.destroy(), LINGER_MS);
            socket.once('end', () => socket.destroy());
            socket.once('close', () => clearTimeout(linger));
            socket.resume();
        },
    };
}
