import { CONTENTION_MS } from '../../domain/fair-share.ts'
import { RETENTION_MS } from '../../domain/ledger-rules.ts'

/**
 * What the scripts share: the arithmetic of `domain/limits.ts` and `domain/fair-share.ts`, and the parts of
 * `domain/ledger-rules.ts` and `domain/meters.ts` that must happen inside Redis, in Lua 5.1. All numbers are whole
 * and below 2^53; they are stored by MessagePack and answered as integers, so that none of them ever becomes a
 * decimal text.
 *
 * Stored values (MessagePack arrays):
 *   record   { 'i', first sent at, fingerprint, owner, lease ends at, resumed 0|1, counted at, awaited 0|1, body }
 *            { 'u', first sent at, fingerprint, counted at, body }     outcome unknown
 *            { 's', first sent at, fingerprint, answer }               settled
 *   tenant   { write units, at, read units, at, day, used, month, used, write share, at, read share, at }
 *   account  { units, at, contended until, last borrower }             one for each class
 *   left     { owner, answer }                                         not kept, for those who wait
 * "Counted at" is when the message was counted: it tells the day and the month. 0: it was not.
 * Values of earlier releases end sooner: their records have no body, their meters no shares and no contention.
 */
export const luaRules = `
local TOKEN, MINUTE, DAY, RETENTION = 60000, 60000, 86400000, ${RETENTION_MS}
-- What keys outlive their meaning by: expiry only cleans up, the rules judge by the times in the values.
local MARGIN = 300000
-- A minute refills any bucket; contention lasts longer.
local CONTENTION = ${CONTENTION_MS}
local ACCOUNT_TTL = CONTENTION + MARGIN
-- Longer than any month.
local TENANT_TTL = 32 * DAY

-- The server's time in ms, or the one that a test puts in its place; and the server's own.
local function clock(given)
  local time = redis.call('TIME')
  local own = time[1] * 1000 + math.floor(time[2] / 1000)
  return tonumber(given) or own, own
end

local function day_start(now)
  return now - now % DAY
end

-- Civil date from days since the epoch, counted in years that begin in March (Howard Hinnant, chrono-compatible
-- low-level date algorithms); only the day of the month is needed.
local function month_start(now)
  local days = math.floor(now / DAY)
  local of_era = (days + 719468) % 146097
  local year = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524)
    - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * of_year + 2) / 153)
  return (days - (of_year - math.floor((153 * month + 2) / 5))) * DAY
end

-- A bucket that was never written has 0 units since 1970: it is full.
local function refill(units, at, per_minute, now)
  local elapsed = math.min(math.max(now - at, 0), MINUTE)
  return math.min(units + elapsed * per_minute, per_minute * TOKEN)
end

-- A share bucket that was never written stands at 0: it is full.
local function refill_share(units, at, per_minute, weight, of, now)
  local capacity = math.max(2 * TOKEN * of, math.min(per_minute * weight * TOKEN / 4, 4503599627370496))
  if at == 0 then return capacity end
  local missing = capacity - math.min(units, capacity)
  return capacity - missing + math.min(math.max(now - at, 0) * per_minute * weight, missing)
end

local function put_back(units, per_minute)
  return math.min(units + TOKEN, per_minute * TOKEN)
end

local function read(key)
  local packed = redis.call('GET', key)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write(key, value, ttl)
  redis.call('SET', key, cmsgpack.pack(value), 'PX', math.max(ttl, 0) + MARGIN)
end

-- The rates of a request in ARGV from \`first\` on: class, of the tenant, of the account, weight, of all weights.
-- A tenant whose weight is that of all is alone: it has no share.
local function read_rates(first)
  local weight, of = tonumber(ARGV[first + 3]) or 0, tonumber(ARGV[first + 4]) or 0
  return {
    class = ARGV[first],
    tenant = tonumber(ARGV[first + 1]),
    account = tonumber(ARGV[first + 2]),
    weight = weight,
    of = of,
    shared = weight ~= of,
  }
end

-- The meters at \`now\`; in_flight is left to the caller.
local function read_meters(rates, now)
  local row = read(KEYS[1]) or { 0, 0, 0, 0, 0, 0, 0, 0 }
  for i = #row + 1, 12 do row[i] = 0 end
  local account = read(KEYS[2]) or { 0, 0 }
  local at = rates.class == 'write' and 1 or 3
  local day, month = day_start(now), month_start(now)
  local share = row[at + 8]
  if rates.shared then
    share = refill_share(share, row[at + 9], rates.account, rates.weight, rates.of, now)
  end
  return {
    row = row,
    index = at,
    shared = rates.shared,
    tenant = refill(row[at], row[at + 1], rates.tenant, now),
    account = refill(account[1], account[2], rates.account, now),
    share = share,
    contended_until = account[3] or 0,
    -- A minute without a request has filled the account's bucket.
    borrower = now - account[2] < MINUTE and account[4] or '',
    day = day,
    day_used = row[5] == day and row[6] or 0,
    month = month,
    month_used = row[7] == month and row[8] or 0,
    in_flight = 0,
  }
end

local function write_meters(meters, now)
  local row, at = meters.row, meters.index
  row[at], row[at + 1] = meters.tenant, now
  if meters.shared then row[at + 8], row[at + 9] = meters.share, now end
  row[5], row[6], row[7], row[8] = meters.day, meters.day_used, meters.month, meters.month_used
  write(KEYS[1], row, TENANT_TTL)
  local account = { meters.account, now, meters.contended_until, meters.borrower }
  redis.call('SET', KEYS[2], cmsgpack.pack(account), 'PX', ACCOUNT_TTL)
end

-- What the first attempt of an open record has sent, if it was kept.
local function body_of(record)
  if record[1] == 'i' then return record[9] end
  return record[5]
end

-- Leases of the tenant; those that have ended are dropped once there are as many as may be.
local function leases(enough, now)
  local held = redis.call('ZCARD', KEYS[3])
  if held < enough then return held end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  return redis.call('ZCARD', KEYS[3])
end
`
