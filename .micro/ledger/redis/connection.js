/** The command has certainly not reached Redis. */
export class NotSent extends Error {
    constructor() {
        super('Redis is out of reach');
    }
}
class TimedOut extends Error {
    constructor() {
        super('Redis did not answer in time');
    }
}
/** Pauses between the first attempts to connect, and between all later ones. */
const BACKOFF_MS = [50, 100, 200, 400];
const LONGEST_PAUSE_MS = 500;
/** A reply that lies in the socket while this process was busy gets this long to be read. */
const GRACE_MS = 20;
/** Errors of a server that takes no commands, or none from us. */
const UNUSABLE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|NOAUTH|BUSY) /;
/**
 * Keeps a link to Redis. A command that is not answered in time breaks its link: what is still on its way over it
 * cannot be told from what never arrives. New links are then tried until Redis answers; without one, commands are
 * refused at once. Resolves after the first attempt, whatever became of it.
 */
export async function createConnection(options) {
    const { clock, commandTimeoutMs, makeLink, onMessage, onState } = options;
    let link;
    let up;
    let opening = true;
    let closed = false;
    const alive = new Set();
    const broken = new WeakSet();
    const become = (now) => {
        const isChange = up !== now && !(up === undefined && now);
        up = now;
        if (isChange && !closed)
            onState(now);
    };
    const within = (promise) => new Promise((resolve, reject) => {
        let cancel = clock.after(Math.max(0, commandTimeoutMs - GRACE_MS), () => {
            cancel = clock.after(GRACE_MS, () => reject(new TimedOut()));
        });
        promise.then(resolve, reject).finally(() => cancel());
    });
    const end = (old) => {
        if (alive.delete(old))
            old.close();
    };
    const lose = (lost) => {
        broken.add(lost);
        if (closed || lost !== link)
            return;
        become(false);
        if (!lost.partial) {
            link = undefined;
            end(lost);
        }
        void reopen();
    };
    /** Puts a new link in the place of the old one; tells whether all is well with it. */
    const tryLink = async () => {
        const fresh = makeLink({ lost: () => lose(fresh), message: onMessage });
        alive.add(fresh);
        try {
            await within(fresh.open());
        }
        catch {
            broken.add(fresh);
        }
        if (closed || broken.has(fresh)) {
            end(fresh);
            return false;
        }
        const old = link;
        link = fresh;
        // What is on its way over the old one has until then to come back.
        if (old !== undefined)
            clock.after(commandTimeoutMs, () => end(old));
        if (fresh.partial)
            await within(fresh.probe()).catch(() => broken.add(fresh));
        return !broken.has(fresh);
    };
    const reopen = async () => {
        if (opening)
            return;
        opening = true;
        for (const pause of pauses()) {
            const well = await tryLink();
            // Before anything else can happen to the link: it is watched again from here on.
            opening = false;
            if (closed)
                return;
            become(well);
            if (well)
                return;
            opening = true;
            await clock.sleep(pause);
        }
    };
    const through = async (use) => {
        const used = link;
        if (used === undefined)
            throw new NotSent();
        try {
            return await within(use(used));
        }
        catch (error) {
            if (error instanceof TimedOut || (error instanceof Error && UNUSABLE.test(error.message)))
                lose(used);
            throw error;
        }
    };
    become(await tryLink());
    opening = false;
    if (!up)
        void reopen();
    return {
        send: (key, args) => through((used) => used.send(key, args)),
        listen: (channel) => (link === undefined ? Promise.reject(new NotSent()) : within(link.listen(channel))),
        reachable: async () => up === true &&
            through((used) => used.probe()).then(() => true, () => false),
        isUp: () => up === true,
        close() {
            closed = true;
            link = undefined;
            for (const one of [...alive])
                end(one);
        },
    };
}
function* pauses() {
    for (let attempt = 0;; attempt += 1)
        yield BACKOFF_MS[attempt] ?? LONGEST_PAUSE_MS;
}
