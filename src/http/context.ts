import type { Context, Env } from 'hono'
import type { Message } from '../domain/message.ts'
import type { Credential } from '../domain/tenant.ts'
import type { Reply } from '../pipeline/exchange.ts'

/** What the stages of one HTTP request hand on. */
export interface GatewayEnv extends Env {
  Variables: {
    requestId: string
    /** The bounded body. */
    bytes: Uint8Array
    credential: Credential
    phoneNumberId: string
    clientKey: string
    message: Message
    /** What was answered, for telemetry. */
    reply: Reply
  }
}

export type GatewayContext = Context<GatewayEnv>
