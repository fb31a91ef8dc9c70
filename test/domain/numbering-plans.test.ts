import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import examples from 'libphonenumber-js/mobile/examples'
import { expect, it } from 'vitest'
import { isCountry, toE164 } from '../../src/domain/phone.ts'

it('the numbering plans are those of the package, but for their formats', () => {
  const script = fileURLToPath(new URL('../../scripts/numbering-plans.js', import.meta.url))
  execFileSync(process.execPath, [script, 'check'])
})

it('a number of every country is read as with the whole of the plans', () => {
  const countries = getCountries()
  expect(countries.length).toBeGreaterThan(200)
  for (const country of countries) {
    expect(isCountry(country), country).toBe(true)
    const example = examples[country]
    const whole = parsePhoneNumberFromString(example, country)
    expect(whole?.isValid(), country).toBe(true)
    const international = parsePhoneNumberFromString(`+${example}`)
    if (international?.isValid() && international.number !== whole?.number) continue
    expect(toE164(example, country), `${country} ${example}`).toBe(whole?.number)
  }
})
