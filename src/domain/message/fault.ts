import type * as z from 'zod'
import type { GatewayCode } from '../errors.ts'

/** Why a body is no message: the first fault in the order the fields are documented in. */
export interface MessageFault {
  readonly code: Extract<
    GatewayCode,
    'missing_required_field' | 'invalid_field_value' | 'invalid_phone_number'
  >
  /** Dotted path in the caller's body, e.g. `interactive.action.sections.0.rows.2.title`. */
  readonly param: string
  /** Names the field and what it may hold; never quotes content of the message. */
  readonly message: string
}

/** Turns what zod found in `body` into the fault to report. */
export function faultOf(error: z.core.$ZodError, body: unknown): MessageFault {
  const [issue] = error.issues
  if (issue === undefined) throw new Error('a ZodError without issues')
  const param = issue.path.join('.')
  const found = valueAt(body, issue.path)
  const code = found === undefined ? 'missing_required_field' : 'invalid_field_value'
  const say = (rule: string): string => `\`${param}\` ${rule}`
  if (issue.code === 'custom') {
    const isPhone = issue.params?.code === 'invalid_phone_number'
    return { code: isPhone ? 'invalid_phone_number' : code, param, message: say(issue.message) }
  }
  return { code, param, message: say(found === undefined ? 'is required.' : ruleOf(issue, found)) }
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** The rules that are zod's own; all others bring their text along. */
function ruleOf(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_value': {
      const [first, ...others] = issue.values.map(String)
      const allowed = others.length === 0 ? `"${first}"` : `one of ${[first, ...others].join(', ')}`
      return `must be ${allowed}${isWord(found) ? `; it is "${found}"` : ''}.`
    }
    case 'invalid_type':
      return issue.expected === 'never' ? issue.message : `must be ${typeNames[issue.expected] ?? 'valid'}.`
    default:
      return 'is not valid.'
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

/** Short words are safe to quote where a word was expected; anything else may be private. */
const isWord = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z_]{1,24}$/.test(value)
