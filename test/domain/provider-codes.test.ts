import { describe, expect, it } from 'vitest'
import { isPermanentName, permanentCodes, providerMeaning } from '../../src/domain/provider-codes.ts'

/** Retry N in the table of Meta codes (upstream contract §12), without the credential codes and code 1. */
const permanent: readonly [code: number, name: string][] = [
  [33, 'phone_number_deleted'],
  [100, 'invalid_field_value'],
  [368, 'account_policy_blocked'],
  [130403, 'recipient_blocked'],
  [130472, 'recipient_in_experiment'],
  [130497, 'country_restricted'],
  [131008, 'missing_required_field'],
  [131009, 'invalid_field_value'],
  [131021, 'invalid_field_value'],
  [131026, 'recipient_not_on_whatsapp'],
  [131030, 'recipient_not_allowed'],
  [131031, 'account_locked'],
  [131037, 'display_name_not_approved'],
  [131042, 'account_payment_issue'],
  [131044, 'account_payment_issue'],
  [131045, 'account_not_registered'],
  [131047, 'outside_24h_window'],
  [131050, 'recipient_opted_out'],
  [131051, 'invalid_field_value'],
  [131053, 'media_download_failed'],
  [131055, 'method_not_allowed_upstream'],
  [131063, 'marketing_disabled'],
  [132000, 'template_param_count_mismatch'],
  [132001, 'invalid_template_name'],
  [132005, 'template_text_too_long'],
  [132007, 'template_policy_violated'],
  [132008, 'template_param_invalid'],
  [132012, 'template_param_format_mismatch'],
  [132015, 'template_paused'],
  [132016, 'template_disabled'],
  [132018, 'template_validation_failed'],
  [132068, 'flow_blocked'],
  [133005, 'account_pin_mismatch'],
  [133006, 'account_verification_needed'],
  [133010, 'account_not_connected'],
  [134011, 'payments_terms_not_accepted'],
  [134100, 'template_not_marketing'],
  [135000, 'invalid_request'],
  [137000, 'recipient_identity_mismatch'],
]

/** Codes of the On-Premises era that the upstream still documents as final (upstream contract §6). */
const legacy: readonly [code: number, name: string][] = [
  [1006, 'recipient_not_on_whatsapp'],
  [1013, 'recipient_blocked'],
]

/** Retry Y, D, or both in the same table, and code 1. */
const byStatus = [
  1, 2, 80008, 131000, 131016, 131049, 131052, 131057, 132069, 133000, 133004, 133008, 133009, 133015, 133016,
  134101, 134102,
]

describe('a provider code', () => {
  it.each([...permanent, ...legacy])('%d is a refusal for good, named %s', (code, name) => {
    const meaning = providerMeaning(code)
    expect(meaning).toMatchObject({ kind: 'permanent', code: name })
    expect(meaning.kind === 'permanent' && meaning.message).toMatch(/^[A-Z].+\.$/)
  })

  it('is a refusal for good only if the contract says so', () => {
    const listed = [...permanent, ...legacy].map(([code]) => code)
    expect([...permanentCodes].sort((a, b) => a - b)).toEqual(listed.sort((a, b) => a - b))
  })

  it.each([0, 3, 10, 190, 131005, 200, 201, 250, 298, 299])('%d is about the credentials', (code) => {
    expect(providerMeaning(code)).toEqual({ kind: 'credential' })
  })

  it.each([
    [4, 'account'],
    [80007, 'account'],
    [130429, 'number'],
    [131048, 'number'],
    [131056, 'recipient'],
  ])('%d throttles: a budget of the %s is used up', (code, budget) => {
    expect(providerMeaning(code)).toEqual({ kind: 'throttled', budget })
  })

  it.each(byStatus)('%d is transient or vague: the status decides', (code) => {
    expect(providerMeaning(code)).toEqual({ kind: 'by_status' })
  })

  it.each([-1, 5, 199, 300, 404, 500, 131047.5, 999_999, Number.MAX_SAFE_INTEGER])(
    '%d is not known: the status decides',
    (code) => {
      expect(providerMeaning(code)).toEqual({ kind: 'by_status' })
    },
  )

  it('points to the field at fault where there is one', () => {
    expect(providerMeaning(131026)).toMatchObject({ param: 'to' })
    expect(providerMeaning(131047)).toMatchObject({ param: 'type' })
    expect(providerMeaning(132001)).toMatchObject({ param: 'template.name' })
    expect(providerMeaning(131042)).not.toHaveProperty('param')
  })
})

describe('a code in words', () => {
  const vague = ['invalid_request', 'invalid_field_value', 'missing_required_field']
  const names = new Set([...permanent, ...legacy].map(([, name]) => name))

  it.each([...names].filter((name) => !vague.includes(name)))('%s is trusted inside a 5xx', (name) => {
    expect(isPermanentName(name)).toBe(true)
  })

  it.each([...vague, 'internal_error', 'whatsapp_upstream_error', 'toString', '__proto__', ''])(
    '"%s" is not',
    (name) => {
      expect(isPermanentName(name)).toBe(false)
    },
  )
})
