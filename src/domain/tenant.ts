/** Who calls, on whose account, with which limits; and the box that upstream tokens travel in. */

/** Milliseconds since the Unix epoch. */
export type EpochMs = number

const REDACTED = '[redacted]'

/**
 * Holds a secret so that it cannot be printed by accident: string conversion, JSON, template literals and
 * `util.inspect` all give `[redacted]`. `reveal()` is the only way out and is called where headers are built.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  /** The hook that Node's `util.inspect` and `console` look for. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** One upstream organisation: one bearer token, one rate budget shared by its tenants. */
export interface Account {
  readonly id: string
  readonly token: Secret
  /** The token that follows `token` in a rotation. */
  readonly nextToken?: Secret | undefined
  readonly writePerMinute: number
  readonly readPerMinute: number
  /** Sum of the weights of its tenants. */
  readonly weights: number
}

/** Whether `text` repeats a token of the account. */
export const holdsToken = ({ token, nextToken }: Account, text: string): boolean =>
  text.includes(token.reveal()) || (nextToken !== undefined && text.includes(nextToken.reveal()))

export interface Quotas {
  readonly writePerMinute: number
  readonly readPerMinute: number
  /** Absent: no limit. Days and months are UTC. */
  readonly messagesPerDay?: number
  readonly messagesPerMonth?: number
  /** Requests of the tenant under way at once. */
  readonly maxConcurrent: number
}

/** One internal team. */
export interface Tenant {
  readonly id: string
  readonly account: Account
  /** `"*"`: every number of the account. */
  readonly phoneNumberIds: ReadonlySet<string> | '*'
  /** ISO 3166-1 alpha-2 country that national numbers are read in; absent: they are refused. */
  readonly defaultCountry?: string
  readonly quotas: Quotas
  /** Its part of the account's limits, against the sum of all weights in the account, when they are contended. */
  readonly weight: number
  readonly suspended: boolean
}

export const scopes = ['messages:send', 'read'] as const
export type Scope = (typeof scopes)[number]

export interface GatewayKey {
  readonly id: string
  readonly label?: string
  readonly expiresAt?: EpochMs
  /** Absent: every scope. */
  readonly scopes?: ReadonlySet<Scope>
}

/** What a presented key stands for. */
export interface Credential {
  readonly tenant: Tenant
  readonly key: GatewayKey
}

/** Meta's id of a sending number (upstream contract §1). */
export const phoneNumberIdPattern = /^\d{6,20}$/

/** Whether `tenant` may use the number; a malformed id is as unknown as a foreign one. */
export function mayUseNumber(tenant: Tenant, phoneNumberId: string): boolean {
  if (!phoneNumberIdPattern.test(phoneNumberId)) return false
  return tenant.phoneNumberIds === '*' || tenant.phoneNumberIds.has(phoneNumberId)
}
