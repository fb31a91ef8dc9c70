/** Waits for a server to listen. An address that cannot be had is a fault of `variable`, not a bug. */
export async function bind(variable, { host, port }, listening) {
    try {
        return { ok: true, bound: await listening };
    }
    catch (error) {
        if (!(error instanceof Error && 'syscall' in error && 'code' in error))
            throw error;
        const message = `cannot listen on ${host}:${port} (${String(error.code)})`;
        return { ok: false, faults: [{ path: variable, message }] };
    }
}
