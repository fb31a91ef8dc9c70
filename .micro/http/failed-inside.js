import { failure } from '../domain/errors.js';
/** The answer to a request on which the gateway itself failed: a constant text, and nothing is promised. */
export const failedInside = failure('internal_error', { outcome: 'unknown' });
/** What operators are told of it. */
export const internalError = (error, requestId) => ({
    event: 'internal_error',
    requestId,
    error: error.name,
    stack: codePositions(error),
});
/** The stack without the error's message, which may hold anything. */
const codePositions = (error) => (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
