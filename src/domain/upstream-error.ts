import { type ErrorType, errorTypes } from './errors.ts'

/** An upstream error body, whichever of its shapes it had; every part may be missing. */
export interface UpstreamError {
  readonly type?: ErrorType
  /** A code in words. Codes in digits are provider codes. */
  readonly code?: string
  readonly message?: string
  readonly param?: string
  /** Meta's numeric code, wherever it stood. */
  readonly providerCode?: number
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Far deeper than any answer of the upstream; `JSON.parse` reads depths that `JSON.stringify` cannot print. */
const MAX_DEPTH = 64

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((member) => isDeeperThan(levels - 1, member))
  for (const name in value) {
    if (isDeeperThan(levels - 1, (value as Readonly<Record<string, unknown>>)[name])) return true
  }
  return false
}

/** Parses JSON text that should hold an object; undefined when it does not, or is too deep to be printed. */
export function jsonObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && !isDeeperThan(MAX_DEPTH, value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads the Kirim envelope, Meta's envelope, and mixtures seen live: a number or digit string in
 * `error.code`, `error.provider_code`, a code in Meta's text ("(#131047) …") (upstream contract §5, §12).
 */
export function readUpstreamError(text: string | undefined): UpstreamError {
  const error = jsonObject(text)?.error
  if (!isObject(error)) return {}
  const message = shortText(error.message, 1000)
  const details = isObject(error.error_data) ? shortText(error.error_data.details, 500) : undefined
  const said = [message, details].filter((part) => part !== undefined).join(' ')
  const providerCode = numeric(error.provider_code) ?? codeOf(error.code) ?? codeInText(said)
  const code = shortText(error.code, 64)
  const type = errorTypes.find((known) => known === error.type)
  const param = shortText(error.param, 200)
  return {
    ...(type !== undefined && { type }),
    ...(code !== undefined && /^[a-z][a-z0-9_]*$/.test(code) && { code }),
    ...(said !== '' && { message: said }),
    ...(param !== undefined && { param }),
    ...(providerCode !== undefined && { providerCode }),
  }
}

const shortText = (value: unknown, max: number): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, max).toWellFormed() : undefined

function numeric(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  return typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : undefined
}

/** A number in the place of the code. Meta has none from 400 to 599: those are HTTP statuses of some proxy. */
function codeOf(value: unknown): number | undefined {
  const code = numeric(value)
  return code !== undefined && code >= 400 && code <= 599 ? undefined : code
}

/** Meta writes "(#131047) …"; six-digit codes of its 13xxxx range are also found bare. */
function codeInText(text: string): number | undefined {
  const found = /\(#(\d{1,7})\)/.exec(text)?.[1] ?? /\b(13\d{4})\b/.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}
