import * as z from 'zod'
import { type BodySchema, sendBody } from './envelope.ts'
import { characters } from './field.ts'
import {
  interactiveContents,
  interactiveTypes,
  noInteractiveType,
  type ReplyButtonsName,
} from './interactive.ts'
import { audio, document, image, video } from './media.ts'
import { template } from './template.ts'

/** What the rules depend on besides the body. */
export interface MessageSettings {
  /** ISO 3166-1 alpha-2 country that national numbers are read in; absent: they are refused. */
  readonly defaultCountry?: string | undefined
  /** The name the upstream takes for reply buttons. */
  readonly replyButtonsAs: ReplyButtonsName
}

export const messageTypes = [
  'text',
  'image',
  'document',
  'video',
  'audio',
  'template',
  'interactive',
] as const
export type MessageType = (typeof messageTypes)[number]

const text = z.looseObject({ body: characters(1, 4096), preview_url: z.boolean().optional() })

/** One schema per variant of a send body; keys are what the body itself may name. */
export interface SendSchemas {
  readonly byType: ReadonlyMap<unknown, BodySchema>
  readonly byInteractiveType: ReadonlyMap<unknown, BodySchema>
  /** For bodies whose `type`, or `interactive.type`, is missing or unknown: always faulty, and say why. */
  readonly noType: BodySchema
  readonly noInteractiveType: BodySchema
}

const built = new Map<string, SendSchemas>()

/** The schemas under `settings`, built once for each of the few settings that a gateway has. */
export function sendSchemas(settings: MessageSettings): SendSchemas {
  const key = `${settings.replyButtonsAs} ${settings.defaultCountry ?? ''}`
  const known = built.get(key)
  if (known !== undefined) return known
  const schemas = build(settings)
  built.set(key, schemas)
  return schemas
}

function build({ defaultCountry, replyButtonsAs }: MessageSettings): SendSchemas {
  const send = (type: MessageType, content: z.ZodType) =>
    sendBody(defaultCountry, { type: z.literal(type), [type]: content })
  const contents = { text, image, document, video, audio, template }
  const byType = new Map<unknown, BodySchema>()
  for (const type of messageTypes) if (type !== 'interactive') byType.set(type, send(type, contents[type]))
  const byInteractiveType = new Map<unknown, BodySchema>()
  const interactive = interactiveContents(replyButtonsAs)
  for (const type of interactiveTypes) byInteractiveType.set(type, send('interactive', interactive[type]))
  return {
    byType,
    byInteractiveType,
    noType: sendBody(defaultCountry, { type: z.enum(messageTypes) }),
    noInteractiveType: send('interactive', noInteractiveType),
  }
}
