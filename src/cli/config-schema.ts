import { configJsonSchema } from '../config/json-schema.ts'
import type { Io } from './io.ts'

/** `config schema`: prints the JSON Schema of the config file; `gateway.schema.json` is this output. */
export async function configSchemaCommand(_args: string[], io: Io): Promise<number> {
  io.out(configJsonSchema())
  return 0
}
