import * as z from 'zod';
import { configSchema } from './schema.js';
/** The JSON Schema of the config file as text, for editors; the same rules as the loader's as far as it can say them. */
export function configJsonSchema() {
    // Draft 7 is the one that editors know best.
    return `${JSON.stringify(z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }), null, 2)}\n`;
}
