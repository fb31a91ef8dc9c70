/** Who may call the sandbox: organisations, their bearer tokens and their sending numbers. */

import { stableId } from './id.ts'
import type { Refusal } from './reply.ts'

/** The token that works when none is configured; `kdv_live_` + 24 characters (upstream contract §1). */
export const demoToken = 'kdv_live_sandbox_demo_token_00001'

export const demoPhoneNumberIds: readonly string[] = ['106540352242922', '106540352242923', '117650463353033']

export interface OrganisationOptions {
  readonly name?: string
  /** Every token opens the whole organisation and spends the same rate budget. */
  readonly tokens: readonly string[]
  /** Answered with 401 `expired_api_key`. */
  readonly expiredTokens?: readonly string[]
  readonly phoneNumberIds: readonly string[]
}

export interface Organisation {
  readonly id: string
  readonly name: string
  readonly phoneNumberIds: ReadonlySet<string>
}

export interface Bearer {
  readonly organisation: Organisation
  readonly token: string
}

export type Authenticate = (authorization: string | undefined) => Bearer | Refusal

/** Makes the check of an `Authorization` header: gives the bearer, or a 401 refusal. */
export function createAuthenticate(organisations: readonly OrganisationOptions[]): Authenticate {
  const bearers = new Map<string, Bearer & { readonly expired: boolean }>()
  for (const [index, { name, tokens, expiredTokens = [], phoneNumberIds }] of organisations.entries()) {
    const organisation: Organisation = {
      id: stableId('org', String(index)),
      name: name ?? `Sandbox organisation ${index + 1}`,
      phoneNumberIds: new Set(phoneNumberIds),
    }
    for (const token of tokens) bearers.set(token, { organisation, token, expired: false })
    for (const token of expiredTokens) bearers.set(token, { organisation, token, expired: true })
  }
  return (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    const bearer = token === undefined ? undefined : bearers.get(token)
    if (bearer === undefined) return { code: 'invalid_api_key', message: 'The API key is not valid.' }
    if (bearer.expired) return { code: 'expired_api_key', message: 'The API key has expired.' }
    return bearer
  }
}
