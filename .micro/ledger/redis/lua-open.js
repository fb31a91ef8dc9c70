import { luaRules } from './lua-rules.js';
import { script } from './script.js';
/**
 * `open` without waiting, in one step.
 * KEYS: tenant, account, leases [, record, left]. ARGV: as listed below.
 * Answers `{ kind, server's own time, time, tenant units, account units, day used, month used, in flight, … }`.
 */
export const openScript = script(`${luaRules}
local now, own = clock(ARGV[1])
-- A call that was given up must not take effect when it comes through after all: its caller was told that
-- nothing was sent.
if ARGV[2] ~= '' and own > tonumber(ARGV[2]) then return { 'late', own } end

local class, tenant_per_minute, account_per_minute = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local max_concurrent, is_message = tonumber(ARGV[6]), ARGV[7] == '1'
local per_day, per_month = tonumber(ARGV[8]) or math.huge, tonumber(ARGV[9]) or math.huge
local owner, lease_ms = ARGV[10], tonumber(ARGV[11])
local fingerprint, waits, awaited_owner = ARGV[12], ARGV[13] == '1', ARGV[14]
local keyed = #KEYS == 5

local meters = read_meters(class, tenant_per_minute, account_per_minute, now)
meters.in_flight = leases(max_concurrent, now)

local function answer(kind, ...)
  return { kind, own, now, meters.tenant, meters.account, meters.day_used, meters.month_used, meters.in_flight, ... }
end

local record = keyed and read(KEYS[4]) or nil

-- Asked again by the same owner: its first answer was lost on the way. It is not charged twice.
if (tonumber(redis.call('ZSCORE', KEYS[3], owner) or 0) > now) then
  return answer('go', record and record[1] == 'i' and record[6] or 0)
end

if awaited_owner ~= '' then
  local left = read(KEYS[5])
  if left and left[1] == awaited_owner then return answer('replay', left[2]) end
end

local flying = record and record[1] == 'i' and record[5] > now
if record and now >= record[2] + RETENTION and not flying then record = nil end
if record then
  if record[3] ~= fingerprint then return answer('mismatch') end
  if record[1] == 's' then return answer('replay', record[4]) end
  if flying then
    if waits and record[8] == 0 then
      record[8] = 1
      redis.call('SET', KEYS[4], cmsgpack.pack(record), 'KEEPTTL')
    end
    return answer('in_flight', record[5], record[4])
  end
end

local resumed = record and 1 or 0
local counted_at = 0
if record then counted_at = record[1] == 'i' and record[7] or record[4] end
-- A message that is resumed was counted by its first attempt.
local counts = is_message and counted_at == 0
if meters.tenant < TOKEN or meters.account < TOKEN or meters.in_flight >= max_concurrent
  or (counts and (meters.day_used >= per_day or meters.month_used >= per_month)) then
  return answer('refused', resumed, counts and 1 or 0)
end

meters.tenant = meters.tenant - TOKEN
meters.account = meters.account - TOKEN
if counts then
  meters.day_used = meters.day_used + 1
  meters.month_used = meters.month_used + 1
  counted_at = now
end
write_meters(meters, now)

redis.call('ZADD', KEYS[3], now + lease_ms, owner)
if redis.call('PTTL', KEYS[3]) < lease_ms + MARGIN then
  redis.call('PEXPIRE', KEYS[3], 2 * (lease_ms + MARGIN))
end
if keyed then
  local first_sent_at = record and record[2] or now
  write(KEYS[4], { 'i', first_sent_at, fingerprint, owner, now + lease_ms, resumed, counted_at, 0 },
    math.max(first_sent_at + RETENTION - now, lease_ms))
end
return answer('go', resumed)
`);
