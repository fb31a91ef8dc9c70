/**
 * What may be posted to `/v1/{phone_number_id}/messages`, and what is made of it before it goes upstream
 * (upstream contract §3; interface §6 "Normalising"). Pure: from a parsed JSON object to a message or a fault.
 */

import type * as z from 'zod'
import { type BodySchema, type MessageBody, receiptBody } from './message/envelope.ts'
import { faultOf, type MessageFault } from './message/fault.ts'
import { parseToFirstFault } from './message/first-fault.ts'
import { type MessageSettings, sendSchemas } from './message/schemas.ts'

export { faultOf, type MessageBody, type MessageFault, type MessageSettings }

export interface Message {
  readonly kind: MessageKind
  /** Normalised. */
  readonly body: MessageBody
}

export type MessageKind = 'send' | 'receipt'

export type ParsedMessage =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly fault: MessageFault }

/** A body with `status` is a read receipt, whatever else it holds. */
export const kindOf = (body: MessageBody): MessageKind => (Object.hasOwn(body, 'status') ? 'receipt' : 'send')

/** The one schema that `body` is held to. It is chosen by what the body says it is, never by trial. */
export function schemaFor(body: MessageBody, settings: MessageSettings): BodySchema {
  if (kindOf(body) === 'receipt') return receiptBody
  const schemas = sendSchemas(settings)
  const { type, interactive } = body
  if (type !== 'interactive') return schemas.byType.get(type) ?? schemas.noType
  return schemas.byInteractiveType.get(typeOf(interactive)) ?? schemas.noInteractiveType
}

const typeOf = (content: unknown): unknown =>
  typeof content === 'object' && content !== null && 'type' in content ? content.type : undefined

/** Checks and normalises `body` by its schema; the answer is zod's own. */
export function checkMessage(
  body: MessageBody,
  settings: MessageSettings,
): z.ZodSafeParseResult<MessageBody> {
  return parseToFirstFault(schemaFor(body, settings), body)
}

/** Checks and normalises a JSON object that has passed `checkJson`. Parsing what was parsed changes nothing. */
export function parseMessage(body: MessageBody, settings: MessageSettings): ParsedMessage {
  const checked = checkMessage(body, settings)
  if (!checked.success) return { ok: false, fault: faultOf(checked.error, body) }
  return { ok: true, message: { kind: kindOf(body), body: checked.data } }
}
