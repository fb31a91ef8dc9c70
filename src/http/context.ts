import type { Context, Env } from 'hono'
import type { Credential } from '../domain/tenant.ts'
import type { Handled } from './post-message.ts'

/** What the routes leave with a request. */
export interface GatewayEnv extends Env {
  Variables: {
    requestId: string
    credential: Credential
    phoneNumberId: string
    /** What was answered, for telemetry. */
    handled: Handled
  }
}

export type GatewayContext = Context<GatewayEnv>
