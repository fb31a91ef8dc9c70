import * as z from 'zod';
/** Meta fetches it, so it must be public; only the scheme can be seen here (upstream contract §3.2). */
export const httpsUrl = z.string().regex(/^https:\/\/\S+$/, 'An https URL is required.');
/** An object with exactly one of `link` and `id`, and whatever else the kind of media takes. */
export function media(extra) {
    return z
        .looseObject({ link: httpsUrl.optional(), id: z.string().min(1).optional(), ...extra })
        .superRefine((value, issues) => {
        const { link, id } = value;
        if (link === undefined && id === undefined) {
            issues.addIssue({ code: 'custom', path: ['link'], message: 'One of link and id is required.' });
        }
        if (link !== undefined && id !== undefined) {
            issues.addIssue({ code: 'custom', message: 'Only one of link and id is allowed.' });
        }
    });
}
