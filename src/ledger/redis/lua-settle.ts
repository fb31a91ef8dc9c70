import { luaRules } from './lua-rules.ts'
import { script } from './script.ts'

/** How long an answer that is not kept stays for those who wait: several of their own looks. */
const LEFT_MS = 10_000

/**
 * `settle` in one step. KEYS: tenant, account, leases [, record, left].
 * Answers `{ 1 if the lease was held, else 0, server's own time }`.
 */
export const settleScript = script(`${luaRules}
local now, own = clock(ARGV[1])
local rates = read_rates(2)
local max_concurrent, is_message = tonumber(ARGV[7]), ARGV[8] == '1'
local owner, lease_ms = ARGV[9], tonumber(ARGV[10])
local settlement, gives_back, tokens_left, answer = ARGV[11], ARGV[12] == '1', tonumber(ARGV[13]), ARGV[14]
local channel, topic = ARGV[15], ARGV[16]

local lease_ends_at = tonumber(redis.call('ZSCORE', KEYS[3], owner) or nil)
redis.call('ZREM', KEYS[3], owner)

-- When the message was counted, if it is to be given back.
local returned_at = 0
if #KEYS == 5 then
  local record = read(KEYS[4])
  if not record or record[1] ~= 'i' or record[4] ~= owner then return { 0, own } end
  local first_sent_at, fingerprint, resumed, counted_at = record[2], record[3], record[6] == 1, record[7]
  local ttl = first_sent_at + RETENTION - now
  if settlement == 'keep' then
    write(KEYS[4], { 's', first_sent_at, fingerprint, answer }, ttl)
  elseif settlement == 'unknown' or resumed then
    -- Releasing a resumed record would forget that its first attempt may have been sent.
    write(KEYS[4], { 'u', first_sent_at, fingerprint, counted_at, body_of(record) }, ttl)
  else
    redis.call('DEL', KEYS[4])
  end
  -- Not given back while an earlier attempt may have sent it.
  if settlement == 'keep' or not resumed then returned_at = counted_at end
  if record[8] == 1 then
    if settlement ~= 'keep' and answer ~= '' then
      redis.call('SET', KEYS[5], cmsgpack.pack({ owner, answer }), 'PX', ${LEFT_MS})
    end
    -- Those who wait look by themselves if it fails.
    redis.pcall('SPUBLISH', channel, topic)
  end
else
  if not lease_ends_at or lease_ends_at <= now then return { 0, own } end
  -- A request without a key keeps no record: its lease tells when it was counted.
  if is_message then returned_at = lease_ends_at - lease_ms end
end

if gives_back or tokens_left then
  local meters = read_meters(rates, now)
  leases(max_concurrent, now)
  if gives_back then
    -- Shares do not come back.
    meters.tenant = put_back(meters.tenant, rates.tenant)
    meters.account = put_back(meters.account, rates.account)
    if returned_at > 0 then
      if meters.day == day_start(returned_at) then meters.day_used = math.max(0, meters.day_used - 1) end
      if meters.month == month_start(returned_at) then meters.month_used = math.max(0, meters.month_used - 1) end
    end
  end
  local lowered = false
  if tokens_left and (tokens_left + 1) * TOKEN - 1 < meters.account then
    meters.account = (tokens_left + 1) * TOKEN - 1
    lowered = true
  end
  if gives_back or lowered then write_meters(meters, now) end
end
return { 1, own }
`)
