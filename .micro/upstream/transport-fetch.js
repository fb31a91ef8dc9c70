import { MAX_ANSWER_BYTES, readHeaders, requestHeaders } from './headers.js';
/**
 * The transport of Workers. `fetch` does not tell whether a failed request was written, so every failure is
 * `unknown`; redirects are not followed. Content encodings are decoded by the runtime, capped after decoding.
 */
export function createFetchTransport(baseUrl, clock) {
    const base = baseUrl.replace(/\/$/, '');
    return async (call, deadline) => {
        if (clock.now() >= deadline)
            return { kind: 'not_sent', reason: 'deadline' };
        const controller = new AbortController();
        let late = false;
        const cancelDeadline = clock.after(Math.max(0, deadline - clock.now()), () => {
            late = true;
            controller.abort();
        });
        try {
            const response = await fetch(base + call.path, {
                method: call.method,
                headers: pairs([...requestHeaders(call), 'accept-encoding', 'identity']),
                redirect: 'manual',
                signal: controller.signal,
                ...(call.body !== undefined && { body: call.body }),
            });
            const headers = readHeaders((name) => response.headers.get(name) ?? undefined);
            return { kind: 'answered', status: response.status, headers, body: await readText(response) };
        }
        catch {
            return { kind: 'unknown', reason: late ? 'deadline' : 'connection_reset' };
        }
        finally {
            cancelDeadline();
        }
    };
}
/** Name, value, name, value … as `fetch` takes it. */
function pairs(flat) {
    const list = [];
    for (let i = 0; i + 1 < flat.length; i += 2)
        list.push([flat[i] ?? '', flat[i + 1] ?? '']);
    return list;
}
/** The body as text; undefined when it breaks off, is over the cap or is not UTF-8. */
async function readText(response) {
    if (response.body === null)
        return '';
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
    const reader = response.body.getReader();
    let text = '';
    let length = 0;
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done)
                return text + decoder.decode();
            length += value.length;
            if (length > MAX_ANSWER_BYTES) {
                await reader.cancel();
                return undefined;
            }
            text += decoder.decode(value, { stream: true });
        }
    }
    catch {
        return undefined;
    }
}
