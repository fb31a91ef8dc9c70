/**
 * Meta's numeric codes as the gateway reads them (upstream contract §6 and §12). What counts is the code,
 * not the HTTP status it came with: mirrors disagree on statuses, and refusals were seen hidden in 5xx.
 */

export type ProviderMeaning =
  /** The account's own credentials: the operators must act. */
  | { readonly kind: 'credential' }
  | { readonly kind: 'throttled'; readonly budget: Budget }
  /** Refused for good; `code` is the public name. */
  | { readonly kind: 'permanent'; readonly code: string; readonly message: string; readonly param?: string }
  /** Transient or not known: the HTTP status decides. */
  | { readonly kind: 'by_status' }

/** Whose budget is used up. Only that of the account says something about its other messages. */
export type Budget = 'account' | 'number' | 'recipient'

const credential: ReadonlySet<number> = new Set([0, 3, 10, 190, 131005])

const throttled: ReadonlyMap<number, Budget> = new Map([
  /** All calls of the upstream's app at Meta together: no call of the account fares better. */
  [4, 'account'],
  /** The WhatsApp Business Account that the upstream's organisation stands for. */
  [80007, 'account'],
  /** Throughput, some 80 messages/s by default, of one sending number; the account may have others. */
  [130429, 'number'],
  /** The quality of one sending number. */
  [131048, 'number'],
  /** Too many messages from one number to one recipient. */
  [131056, 'recipient'],
])

type Row = readonly [code: string, message: string, param?: string]

/** Provider code → public code and text. Codes with retry N in the upstream contract; all others are left out. */
const permanent: Readonly<Record<number, Row>> = {
  33: ['phone_number_deleted', 'The sending number no longer exists at WhatsApp.'],
  100: ['invalid_field_value', 'WhatsApp refused a parameter of the message.'],
  368: ['account_policy_blocked', 'The account is blocked for policy violations.'],
  1006: ['recipient_not_on_whatsapp', 'The recipient has no WhatsApp account.', 'to'],
  1013: ['recipient_blocked', 'The recipient has blocked this business.', 'to'],
  130403: ['recipient_blocked', 'The recipient has blocked this business.', 'to'],
  130472: [
    'recipient_in_experiment',
    'The recipient is part of a WhatsApp experiment and gets no such messages.',
    'to',
  ],
  130497: ['country_restricted', 'The business may not message the recipient’s country.', 'to'],
  131008: ['missing_required_field', 'WhatsApp misses a required parameter in the message.'],
  131009: ['invalid_field_value', 'WhatsApp refused the value of a parameter.'],
  131021: ['invalid_field_value', 'The recipient must not be the sender.', 'to'],
  131026: ['recipient_not_on_whatsapp', 'The message cannot be delivered to this recipient.', 'to'],
  131030: ['recipient_not_allowed', 'A test number may only message recipients on its allowed list.', 'to'],
  131031: ['account_locked', 'The account is locked.'],
  131037: ['display_name_not_approved', 'The display name of the sending number is not approved.'],
  131042: ['account_payment_issue', 'The account has a payment problem.'],
  131044: ['account_payment_issue', 'The account has a payment problem.'],
  131045: ['account_not_registered', 'The sending number is not registered properly.'],
  131047: ['outside_24h_window', 'The 24-hour window is closed: only a template can be sent.', 'type'],
  131050: ['recipient_opted_out', 'The recipient has opted out of marketing messages.', 'to'],
  131051: ['invalid_field_value', 'WhatsApp does not support this message type.', 'type'],
  131053: ['media_download_failed', 'WhatsApp could not take over the media file.'],
  131055: ['method_not_allowed_upstream', 'The marketing interface does not take this message.'],
  131063: ['marketing_disabled', 'Marketing messages are disabled for this account.'],
  132000: [
    'template_param_count_mismatch',
    'The number of template parameters is wrong.',
    'template.components',
  ],
  132001: ['invalid_template_name', 'No such template is approved in this language.', 'template.name'],
  132005: [
    'template_text_too_long',
    'The template text is too long with these parameters.',
    'template.components',
  ],
  132007: ['template_policy_violated', 'The template violates a content policy.', 'template.name'],
  132008: [
    'template_param_invalid',
    'The value of a template parameter is not valid.',
    'template.components',
  ],
  132012: [
    'template_param_format_mismatch',
    'A template parameter has the wrong format.',
    'template.components',
  ],
  132015: ['template_paused', 'The template is paused for its quality.', 'template.name'],
  132016: ['template_disabled', 'The template is disabled for good.', 'template.name'],
  132018: ['template_validation_failed', 'The template did not pass validation.', 'template'],
  132068: ['flow_blocked', 'The flow is blocked.'],
  133005: ['account_pin_mismatch', 'The two-step PIN of the sending number is wrong.'],
  133006: ['account_verification_needed', 'The sending number must be verified again.'],
  133010: ['account_not_connected', 'The sending number is not registered.'],
  134011: ['payments_terms_not_accepted', 'The payments terms are not accepted.'],
  134100: ['template_not_marketing', 'The template is no marketing template.', 'template.name'],
  135000: ['invalid_request', 'WhatsApp refused the message for a problem with its parameters.'],
  137000: ['recipient_identity_mismatch', 'The recipient’s identity key has changed.', 'to'],
}

/** Public names of permanent refusals that are specific enough to be trusted inside a 5xx. */
const permanentNames: ReadonlySet<string> = new Set(
  Object.values(permanent)
    .map(([code]) => code)
    .filter((code) => !['invalid_request', 'invalid_field_value', 'missing_required_field'].includes(code)),
)

/** What a provider code means for a send. */
export function providerMeaning(code: number): ProviderMeaning {
  if (credential.has(code) || (code >= 200 && code <= 299)) return { kind: 'credential' }
  const budget = throttled.get(code)
  if (budget !== undefined) return { kind: 'throttled', budget }
  const row = permanent[code]
  if (row === undefined) return { kind: 'by_status' }
  const [name, message, param] = row
  return { kind: 'permanent', code: name, message, ...(param !== undefined && { param }) }
}

/** Whether an upstream code in words is the name of a permanent refusal, whatever status carried it. */
export const isPermanentName = (code: string): boolean => permanentNames.has(code)

/** Every provider code that has a row of its own, for documentation and tests. */
export const permanentCodes: readonly number[] = Object.keys(permanent).map(Number)
