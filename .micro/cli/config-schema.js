import { configJsonSchema } from '../config/json-schema.js';
/** `config schema`: prints the JSON Schema of the config file; `gateway.schema.json` is this output. */
export async function configSchemaCommand(_args, io) {
    io.out(configJsonSchema());
    return 0;
}
