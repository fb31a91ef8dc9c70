import { errors, Pool } from 'undici';
import { MAX_ANSWER_BYTES, readHeaders, requestHeaders } from './headers.js';
const CONNECT_TIMEOUT_MS = 10_000;
/** Sockets to the upstream; past this, calls queue inside the pool until their deadline. */
const MAX_CONNECTIONS = 1024;
/**
 * The transport of Node: pooled keep-alive sockets, no redirects, no decompression. undici writes a request
 * only to a socket it has just seen alive, so a dead keep-alive socket costs no answer; once a byte may have
 * been written, a failure is `unknown`.
 */
export function createUndiciTransport(baseUrl, clock) {
    const base = new URL(baseUrl);
    const prefix = base.pathname.replace(/\/$/, '');
    const pool = new Pool(base.origin, {
        connections: MAX_CONNECTIONS,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        // The deadline below covers the whole call.
        headersTimeout: 0,
        bodyTimeout: 0,
    });
    const dispatch = (call, exchange) => {
        try {
            pool.dispatch({
                method: call.method,
                path: prefix + call.path,
                headers: requestHeaders(call),
                body: call.body ?? null,
            }, exchange);
        }
        catch {
            exchange.fail(undefined);
        }
    };
    return {
        send: (call, deadline) => new Promise((resolve) => {
            if (deadline <= clock.now())
                return resolve({ kind: 'not_sent', reason: 'deadline' });
            const exchange = new Exchange(resolve, clock, deadline, () => dispatch(call, exchange));
            dispatch(call, exchange);
        }),
        close: () => pool.close(),
    };
}
/** A failure of an open socket, not of connecting. */
const isSocketFailure = (error) => error !== undefined && 'syscall' in error && (error.syscall === 'read' || error.syscall === 'write');
const decoder = new TextDecoder('utf-8', { fatal: true });
/** One request on the wire; resolves once, with the first thing that is certain. */
class Exchange {
    #resolve;
    #clock;
    #cancelDeadline;
    /** Dispatches the request once more; spent after its first use. */
    #again;
    #controller;
    #done = false;
    #status = 0;
    #headers = {};
    #chunks = [];
    #bytes = 0;
    constructor(resolve, clock, deadline, again) {
        this.#resolve = resolve;
        this.#clock = clock;
        this.#again = again;
        this.#cancelDeadline = clock.after(Math.max(0, deadline - clock.now()), () => this.#cutOff('deadline'));
    }
    /** undici calls this right before the first byte is written. */
    onRequestStart(controller) {
        this.#controller = controller;
        if (this.#done)
            controller.abort(new errors.RequestAbortedError());
    }
    onResponseStart(_controller, status, headers) {
        if (status < 200)
            return;
        this.#status = status;
        this.#headers = readHeaders((name) => {
            const value = headers[name];
            return typeof value === 'string' ? value : undefined;
        });
    }
    onResponseData(_controller, chunk) {
        this.#bytes += chunk.length;
        if (this.#bytes > MAX_ANSWER_BYTES)
            this.#cutOff('protocol_error');
        else
            this.#chunks.push(chunk);
    }
    onResponseEnd() {
        this.#finish(this.#answered(this.#text()));
    }
    onResponseError(_controller, error) {
        this.fail(error);
    }
    fail(error) {
        if (this.#status > 0)
            this.#finish(this.#answered(undefined));
        else if (this.#controller === undefined)
            this.#notWritten(error);
        else {
            const reason = error instanceof errors.HTTPParserError ? 'protocol_error' : 'connection_reset';
            this.#finish({ kind: 'unknown', reason });
        }
    }
    /**
     * Nothing was written. A kept-alive socket that is reset while undici looks whether it is alive fails the
     * waiting request with it; another socket takes it, once the resets that came with this one are read too.
     */
    #notWritten(error) {
        const again = this.#again;
        if (again !== undefined && isSocketFailure(error)) {
            this.#again = undefined;
            this.#clock.after(0, () => this.#done || again());
            return;
        }
        const closed = error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError;
        this.#finish({ kind: 'not_sent', reason: closed ? 'connection_closed' : 'cannot_connect' });
    }
    #cutOff(reason) {
        if (this.#status > 0)
            this.#finish(this.#answered(undefined));
        else if (this.#controller === undefined)
            this.#finish({ kind: 'not_sent', reason: 'deadline' });
        else
            this.#finish({ kind: 'unknown', reason });
        this.#controller?.abort(new errors.RequestAbortedError());
    }
    #answered(body) {
        return { kind: 'answered', status: this.#status, headers: this.#headers, body };
    }
    #text() {
        const [first, ...others] = this.#chunks;
        try {
            return decoder.decode(others.length === 0 ? first : Buffer.concat(this.#chunks));
        }
        catch {
            return undefined;
        }
    }
    #finish(result) {
        if (this.#done)
            return;
        this.#done = true;
        this.#cancelDeadline();
        this.#chunks = [];
        this.#resolve(result);
    }
}
