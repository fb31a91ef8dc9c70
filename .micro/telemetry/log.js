import { levelOf, logLevels, rounded } from './lines.js';
/**
 * JSON lines, one an event: `{"level":"info","time":"…","event":"request",…}`, given to `write` without their ends.
 * Fields are those of the event, so there is nothing to redact and nothing to configure.
 */
export function createLog(level, clock, write) {
    const least = logLevels.indexOf(level);
    const time = createIsoTime();
    return {
        record(event) {
            const own = levelOf(event);
            if (logLevels.indexOf(own) < least)
                return;
            const fields = JSON.stringify(rounded(event)).slice(1);
            write(`{"level":"${own}","time":"${time(clock.now())}",${fields}`);
        },
    };
}
/** ISO 8601 in UTC; many events share a millisecond. */
function createIsoTime() {
    let last = Number.NaN;
    let text = '';
    return (now) => {
        if (now !== last) {
            last = now;
            text = new Date(now).toISOString();
        }
        return text;
    };
}
