import type { Act, Facts } from './faults.ts'
import { magicNumber } from './magic-number.ts'
import type { Bearer } from './organisation.ts'
import type { Settings, State } from './state.ts'

/** One authenticated request that its rate bucket has let through. */
export interface Call extends Bearer {
  readonly requestId: string
  /** Without the query. */
  readonly path: string
  param(name: string): string
  query(name: string): string | undefined
  header(name: string): string | undefined
  readonly rawBody: Buffer
  readonly state: State
  readonly settings: Settings
}

export const factsOf = ({ requestId, token, settings }: Call): Facts => ({
  requestId,
  token,
  nowMs: settings.now(),
})

/**
 * Whether the organisation may use the phone number of the path. The digits of a magic number count as a number
 * of every organisation, so that reads, which have no recipient, can be made to fail as well.
 */
export function phoneNumberOf({ organisation, param }: Call): { id: string; act?: Act } | undefined {
  const id = param('phone_number_id')
  if (organisation.phoneNumberIds.has(id)) return { id }
  const magic = magicNumber(`+${id}`)
  return magic === undefined || magic === 'unknown' ? undefined : { id, act: magic.act }
}
