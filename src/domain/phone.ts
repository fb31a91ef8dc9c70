import {
  type CountryCode,
  isSupportedCountry,
  type MetadataJson,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/core'
import numberingPlans from './numbering-plans.json' with { type: 'json' }

/** Made by scripts/numbering-plans.js. */
const plans = numberingPlans as unknown as MetadataJson

/** Whether `code` (ISO 3166-1 alpha-2) has a numbering plan. */
export const isCountry = (code: string): code is CountryCode => isSupportedCountry(code as CountryCode, plans)

/** E.164 as the upstream wants it (upstream contract §3.0): `+`, then 7 to 15 digits. */
const e164 = /^\+[1-9]\d{6,14}$/

/** What people write between digits: blanks, dashes of any script, dots, brackets. */
const separators = /[\s\p{Dash}\u00ad.()[\]]/gu

/** More than any number with its trunk or dialling prefix has; keeps long input away from the library. */
const digitsOnly = /^\d{1,20}$/

/**
 * Brings a phone number to E.164; undefined when that cannot be done without guessing. A number without
 * `+` or `00` is read in `defaultCountry` (ISO 3166-1 alpha-2) too, and is refused when it could be two
 * different numbers: a message must never go to a stranger. A country that has no numbering plan of its
 * own counts as none.
 */
export function toE164(input: string, defaultCountry?: string): string | undefined {
  if (e164.test(input)) return input
  const written = input.replace(separators, '')
  const number = written.startsWith('00') ? `+${written.slice(2)}` : written
  if (number.startsWith('+')) return matching(number)
  if (!digitsOnly.test(number)) return undefined
  // Without a country, a national number (leading 0) fails the pattern, as it should.
  if (defaultCountry === undefined || !isCountry(defaultCountry)) return matching(`+${number}`)
  return readBothWays(number, defaultCountry)
}

/** Reads bare digits as a number of `country` and as an international one, which a leading 0 never is. */
function readBothWays(digits: string, country: CountryCode): string | undefined {
  const national = valid(digits, country)
  const international = valid(`+${digits}`)
  if (national !== undefined && international !== undefined && national !== international) return undefined
  // Number ranges newer than the library's tables must not be blocked.
  return international ?? national ?? matching(`+${digits}`)
}

function valid(text: string, country?: CountryCode): string | undefined {
  const parsed = country
    ? parsePhoneNumberFromString(text, country, plans)
    : parsePhoneNumberFromString(text, plans)
  return parsed?.isValid() ? matching(parsed.number) : undefined
}

const matching = (number: string): string | undefined => (e164.test(number) ? number : undefined)
