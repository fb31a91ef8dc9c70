import { zValidator } from '@hono/zod-validator'
import type { MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import * as z from 'zod'
import { checkJson, utf8Text } from '../domain/json.ts'
import { checkMessage, faultOf, kindOf, type MessageBody, type MessageSettings } from '../domain/message.ts'
import type { GatewayEnv } from './context.ts'
import { refuse } from './reply.ts'

/** `application/json`, with no charset or utf-8. */
function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  return (
    mediaType === 'application/json' &&
    parameters.every((text) => !text.startsWith('charset=') || /^charset="?utf-?8"?$/.test(text))
  )
}

/** Holds the content type to JSON in UTF-8, and makes the bytes readable for the validator. */
export const requireJson = createMiddleware<GatewayEnv>(async (c, next) => {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (!isJson(c.req.header('content-type')) || encoding !== 'identity')
    return refuse(c, 'unsupported_media_type')
  const text = utf8Text(c.get('bytes'))
  if (text === undefined) return refuse(c, 'invalid_json', { message: 'The body is not UTF-8.' })
  // Hono reads the body from here, so it is decoded once and parsed once.
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) })
  return await next()
})

/**
 * The caller's idempotency key, if any: 1–255 visible ASCII characters, quoted or bare. Two headers arrive
 * joined by ", ", and no key holds a blank.
 */
export const readIdempotencyKey = createMiddleware<GatewayEnv>(async (c, next) => {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return await next()
  const key =
    header.length >= 2 && header.startsWith('"') && header.endsWith('"') ? header.slice(1, -1) : header
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) return refuse(c, 'invalid_idempotency_key')
  c.set('clientKey', key)
  return await next()
})

/** Checks and normalises the body by the rules of the caller's tenant; sets `message`. */
export function validateMessage(
  replyButtonsAs: MessageSettings['replyButtonsAs'],
): MiddlewareHandler<GatewayEnv> {
  const byCountry = new Map<string | undefined, MiddlewareHandler<GatewayEnv>>()
  return (c, next) => {
    const { defaultCountry } = c.get('credential').tenant
    let validator = byCountry.get(defaultCountry)
    if (validator === undefined) {
      validator = messageValidator({ defaultCountry, replyButtonsAs })
      byCountry.set(defaultCountry, validator)
    }
    return validator(c, next)
  }
}

const INVALID_JSON = 'invalid_json'

const messageValidator = (settings: MessageSettings): MiddlewareHandler<GatewayEnv> =>
  zValidator(
    'json',
    z.custom<MessageBody>(),
    (result, c) => {
      if (result.success) {
        c.set('message', { kind: kindOf(result.data), body: result.data })
        return
      }
      const [issue] = result.error.issues
      if (issue?.code === 'custom' && issue.params?.code === INVALID_JSON) {
        return refuse(c, 'invalid_json', { message: issue.message })
      }
      const { code, ...detail } = faultOf(result.error, result.data)
      return refuse(c, code, detail)
    },
    {
      validationFunction: (_, value) => {
        const fault = checkJson(value)
        if (fault === undefined) return checkMessage(value, settings)
        const { message } = fault
        const issue: z.core.$ZodIssueCustom = {
          code: 'custom',
          path: [],
          params: { code: INVALID_JSON },
          message,
        }
        return { success: false, error: new z.ZodError([issue]) }
      },
    },
  )
