import { luaRules } from './lua-rules.js';
import { script } from './script.js';
/** What is left; writes nothing. KEYS: tenant, account. Answers like `open`, of the kind `standings`. */
export const standingsScript = script(`${luaRules}
local now, own = clock(ARGV[1])
local meters = read_meters(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), now)
return { 'standings', own, now, meters.tenant, meters.account, meters.day_used, meters.month_used, 0 }
`);
