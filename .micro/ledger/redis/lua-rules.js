import { RETENTION_MS } from '../../domain/ledger-rules.js';
/**
 * What the scripts share: the arithmetic of `domain/limits.ts` and the parts of `domain/ledger-rules.ts` that must
 * happen inside Redis, in Lua 5.1. All numbers are whole and below 2^53; they are stored by MessagePack and answered
 * as integers, so that none of them ever becomes a decimal text.
 *
 * Stored values (MessagePack arrays):
 *   record   { 'i', first sent at, fingerprint, owner, lease ends at, resumed 0|1, counted at, awaited 0|1 }
 *            { 'u', first sent at, fingerprint, counted at }     outcome unknown
 *            { 's', first sent at, fingerprint, answer }         settled
 *   tenant   { write units, at, read units, at, day, used, month, used }
 *   account  { units, at }                                       one for each class
 *   left     { owner, answer }                                   an answer that is not kept, for those who wait
 * "Counted at" is when the message was counted: it tells the day and the month. 0: it was not.
 */
export const luaRules = `
local TOKEN, MINUTE, DAY, RETENTION = 60000, 60000, 86400000, ${RETENTION_MS}
-- What keys outlive their meaning by: expiry only cleans up, the rules judge by the times in the values.
local MARGIN = 300000
-- A minute refills any bucket.
local ACCOUNT_TTL = 120000
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

-- The meters at \`now\`; in_flight is left to the caller.
local function read_meters(class, tenant_per_minute, account_per_minute, now)
  local row = read(KEYS[1]) or { 0, 0, 0, 0, 0, 0, 0, 0 }
  local account = read(KEYS[2]) or { 0, 0 }
  local at = class == 'write' and 1 or 3
  local day, month = day_start(now), month_start(now)
  return {
    row = row,
    index = at,
    tenant = refill(row[at], row[at + 1], tenant_per_minute, now),
    account = refill(account[1], account[2], account_per_minute, now),
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
  row[5], row[6], row[7], row[8] = meters.day, meters.day_used, meters.month, meters.month_used
  write(KEYS[1], row, TENANT_TTL)
  redis.call('SET', KEYS[2], cmsgpack.pack({ meters.account, now }), 'PX', ACCOUNT_TTL)
end

-- Leases of the tenant; those that have ended are dropped once there are as many as may be.
local function leases(enough, now)
  local held = redis.call('ZCARD', KEYS[3])
  if held < enough then return held end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  return redis.call('ZCARD', KEYS[3])
end
`;
