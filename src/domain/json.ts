/**
 * What a JSON body must keep to before anything reads it. Every rule stands for a value that would reach
 * the upstream as something else than the caller wrote, or not at all.
 */

/** Levels of objects and arrays, the root object being level 1. */
const MAX_DEPTH = 32

/** Why a body is not acceptable as JSON; `message` is fit for the caller and quotes no value of theirs. */
export interface JsonFault {
  readonly message: string
}

/** A broken rule and the dotted place of the value that breaks it, relative to the value being walked. */
interface Finding {
  readonly rule: string
  place: string
}

const tooDeep = `The body is nested deeper than ${MAX_DEPTH} levels`
const loneSurrogate = 'The body holds a lone surrogate, which is not valid Unicode text'
const protoKey = 'The body holds a key named "__proto__"'
const notFinite = 'The body holds a number that is too large'

/**
 * Checks a value that came out of `JSON.parse`: a plain object, at most 32 levels deep, well-formed
 * Unicode, no `__proto__` key, finite numbers. Gives the first fault; undefined when there is none.
 */
export function checkJson(value: unknown): JsonFault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { message: 'The body must be one JSON object.' }
  }
  const finding = walk(value, 1)
  if (finding === undefined) return undefined
  const { rule, place } = finding
  return { message: place === '' ? `${rule}.` : `${rule}, at or below \`${place}\`.` }
}

function walk(value: unknown, depth: number): Finding | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : { rule: loneSurrogate, place: '' }
    case 'number':
      // `1e999` parses to Infinity, which would be written back as null.
      return Number.isFinite(value) ? undefined : { rule: notFinite, place: '' }
    case 'object':
      if (value === null) return undefined
      if (depth > MAX_DEPTH) return { rule: tooDeep, place: '' }
      return Array.isArray(value) ? walkList(value, depth) : walkObject(value, depth)
    default:
      return undefined
  }
}

function walkList(list: readonly unknown[], depth: number): Finding | undefined {
  for (let index = 0; index < list.length; index += 1) {
    const finding = walk(list[index], depth + 1)
    if (finding !== undefined) return under(String(index), finding)
  }
  return undefined
}

function walkObject(object: object, depth: number): Finding | undefined {
  for (const key of Object.keys(object)) {
    const value = (object as Readonly<Record<string, unknown>>)[key]
    if (key === '__proto__') return { rule: protoKey, place: '' }
    if (!key.isWellFormed()) return { rule: loneSurrogate, place: '' }
    const finding = walk(value, depth + 1)
    if (finding !== undefined) return under(key, finding)
  }
  return undefined
}

/** Only keys that look like field names are quoted: others may hold anything, a phone number included. */
const fieldName = /^(?:[A-Za-z_]{1,40}|\d{1,6})$/

/** Puts `key` before the place, or cuts the place off there when the key is not fit to be shown. */
function under(key: string, finding: Finding): Finding {
  const { rule, place } = finding
  if (!fieldName.test(key)) return { rule, place: '' }
  return { rule, place: place === '' ? key : `${key}.${place}` }
}

/** Shared, since it never streams. A leading byte order mark is dropped, as RFC 8259 §8.1 allows. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The text of UTF-8 bytes; undefined when they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
