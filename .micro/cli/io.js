/** Ends a command with a message for the terminal: 2 it was called wrongly, 1 it could not do its work. */
export class CommandError extends Error {
    name = 'CommandError';
    exitCode;
    constructor(exitCode, message) {
        super(message);
        this.exitCode = exitCode;
    }
}
export const usageError = (message) => new CommandError(2, message);
