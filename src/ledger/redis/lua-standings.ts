import { luaRules } from './lua-rules.ts'
import { script } from './script.ts'

/** What is left; writes nothing. KEYS: tenant, account. Answers like `open`, of the kind `standings`. */
export const standingsScript = script(`${luaRules}
local now, own = clock(ARGV[1])
local meters = read_meters(read_rates(2), now)
return { 'standings', own, now, meters.tenant, meters.account, meters.day_used, meters.month_used, 0, 0, 0 }
`)
