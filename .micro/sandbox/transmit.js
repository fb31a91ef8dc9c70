import { setTimeout as sleep } from 'node:timers/promises';
/**
 * Writes `reply` to the socket in the given manner. Resolves when nothing more will happen on this exchange;
 * a caller that has already hung up is no error.
 */
export async function transmit(reply, manner, outgoing) {
    const { socket } = outgoing;
    if (socket === null || socket.destroyed)
        return;
    switch (manner) {
        case 'whole':
            outgoing.writeHead(reply.status, { ...reply.headers, 'Content-Length': Buffer.byteLength(reply.body) });
            outgoing.end(reply.body);
            return;
        case 'reset':
            socket.resetAndDestroy();
            return;
        case 'close':
            socket.destroy();
            return;
        case 'silence':
            return closed(outgoing);
        case 'cut_short':
            await writeHalf(reply, outgoing);
            socket.end();
            return closed(outgoing);
        case 'reset_mid_body':
            await writeHalf(reply, outgoing);
            // A reset that overtakes the caller's reading would look like an orderly end to it.
            await sleep(10, undefined, { ref: false });
            socket.resetAndDestroy();
            return;
        case 'garbage':
            socket.end('220 this is not HTTP\r\n');
            return closed(outgoing);
    }
}
/** Declares the whole body and writes the first half of it; resolves when the bytes are with the kernel. */
function writeHalf({ status, headers, body }, outgoing) {
    const bytes = Buffer.from(body);
    outgoing.writeHead(status, { ...headers, 'Content-Length': bytes.length });
    return new Promise((resolve) => {
        outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => resolve());
    });
}
function closed(outgoing) {
    return new Promise((resolve) => outgoing.once('close', () => resolve()));
}
