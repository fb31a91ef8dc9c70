import { magicNumber } from './magic-number.js';
export const factsOf = ({ requestId, token, settings }) => ({
    requestId,
    token,
    nowMs: settings.now(),
});
/**
 * Whether the organisation may use the phone number of the path. The digits of a magic number count as a number
 * of every organisation, so that reads, which have no recipient, can be made to fail as well.
 */
export function phoneNumberOf({ organisation, param }) {
    const id = param('phone_number_id');
    if (organisation.phoneNumberIds.has(id))
        return { id };
    const magic = magicNumber(`+${id}`);
    return magic === undefined || magic === 'unknown' ? undefined : { id, act: magic.act };
}
