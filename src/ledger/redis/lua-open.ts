import { luaRules } from './lua-rules.ts'
import { script } from './script.ts'

/**
 * `open` without waiting, in one step.
 * KEYS: tenant, account, leases [, record, left]. ARGV: as listed below.
 * Answers `{ kind, server's own time, time, tenant units, account units, day used, month used, in flight, share units,
 * contended until, … }`; see `codec.ts`.
 */
export const openScript = script(`${luaRules}
local now, own = clock(ARGV[1])
-- A call that was given up must not take effect when it comes through after all: its caller was told that
-- nothing was sent.
if ARGV[2] ~= '' and own > tonumber(ARGV[2]) then return { 'late', own } end

local rates = read_rates(3)
local max_concurrent, is_message = tonumber(ARGV[8]), ARGV[9] == '1'
local per_day, per_month = tonumber(ARGV[10]) or math.huge, tonumber(ARGV[11]) or math.huge
local owner, lease_ms = ARGV[12], tonumber(ARGV[13])
local fingerprint, body, waits, awaited_owner = ARGV[14], ARGV[15], ARGV[16] == '1', ARGV[17]
local tenant = ARGV[18]
local keyed = #KEYS == 5

local meters = read_meters(rates, now)
meters.in_flight = leases(max_concurrent, now)

local function answer(kind, ...)
  return { kind, own, now, meters.tenant, meters.account, meters.day_used, meters.month_used, meters.in_flight,
    meters.share, meters.contended_until, ... }
end

-- What stands before the colon of a fingerprint, and the colon.
local function version(text)
  return string.match(text, '^[^:]*:') or ''
end

local record = keyed and read(KEYS[4]) or nil

-- Asked again by the same owner: its first answer was lost on the way. It is not charged twice.
if (tonumber(redis.call('ZSCORE', KEYS[3], owner) or 0) > now) then
  local resumed = record and record[1] == 'i' and record[6] or 0
  return answer('go', resumed, resumed == 1 and body_of(record) or nil)
end

if awaited_owner ~= '' then
  local left = read(KEYS[5])
  if left and left[1] == awaited_owner then return answer('replay', left[2]) end
end

local flying = record and record[1] == 'i' and record[5] > now
if record and now >= record[2] + RETENTION and not flying then record = nil end
if record then
  local differs = record[3] ~= fingerprint
  if differs and version(record[3]) == version(fingerprint) then return answer('mismatch') end
  if record[1] == 's' then return answer('replay', record[4]) end
  if differs and body_of(record) then return answer('other_version', record[3], body_of(record)) end
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
local tenant_admits = meters.tenant >= TOKEN and meters.in_flight < max_concurrent
  and not (counts and (meters.day_used >= per_day or meters.month_used >= per_month))

-- Fair share: while there is contention, borrowers leave a reserve in the account's bucket.
local share_token = TOKEN * rates.of
local within_share = rates.shared and meters.share >= share_token
local contended = rates.shared and now < meters.contended_until
local spare = rates.account * TOKEN / 2 + TOKEN
local account_admits = meters.account >= TOKEN and (within_share or not contended or meters.account >= spare)
local renews = within_share and meters.borrower ~= '' and meters.borrower ~= tenant
  and meters.contended_until <= now + CONTENTION / 2
  and meters.account < (contended and rates.account * TOKEN * 3 / 4 or TOKEN)

if not (tenant_admits and account_admits) then
  local refused = answer('refused', resumed, counts and 1 or 0)
  if tenant_admits and renews then
    meters.contended_until = now + CONTENTION
    write_meters(meters, now)
  end
  return refused
end

if renews then meters.contended_until = now + CONTENTION end
if within_share then meters.share = meters.share - share_token
elseif rates.shared then meters.borrower = tenant end
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
  local first_body = record and body_of(record)
  write(KEYS[4],
    { 'i', first_sent_at, fingerprint, owner, now + lease_ms, resumed, counted_at, 0, first_body or body },
    math.max(first_sent_at + RETENTION - now, lease_ms))
  return answer('go', resumed, first_body)
end
return answer('go', resumed)
`)
