/** Commands that may wait for an answer at once; the next ones are refused. */
export const MAX_WAITING = 20_000;
/** Settings of every connection: it fails at once when it is down, and does not come back by itself. */
export const clientSettings = ({ connectTimeoutMs }) => ({
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_WAITING,
    // The connection times commands out: the client's own timers end when a command is written.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
});
/** Subscribes to a channel once; anew when that has failed. */
export function once(channels, channel, subscribe) {
    const known = channels.get(channel);
    if (known !== undefined)
        return known;
    const listening = subscribe();
    channels.set(channel, listening);
    listening.catch(() => channels.delete(channel));
    return listening;
}
