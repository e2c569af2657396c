-- Admit units to a key's bucket, a tenant's bucket and a quota, to all of them or to none, in one round trip.
-- KEYS: bucket of the key, bucket of the tenant, counter of the quota.
-- ARGV: units; microseconds of now ('' asks this server, the one clock of all workers);
--       interval and span of the key's rate, then of the tenant's (interval 0: no such rate);
--       units for the quota, limit of the quota (-1: none), what is billed of it at least, its lifetime in s.
-- Answer: wait of the key, remaining, whole in; the same of the tenant; quota refused (0 or 1), quota remaining.
local units = tonumber(ARGV[1])
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- The arithmetic of recolake/limits/gcra.py; a test compares the two.
local function take(key, interval, span)
  if interval == 0 then return {tat = now, wait = 0, remaining = -1} end
  local known = math.min(math.max(tonumber(redis.call('GET', key) or now), now), now + span)
  local asked = known + units * interval
  local wait = math.max(asked - span - now, 0)
  local kept = known
  if wait == 0 then kept = asked end
  return {known = known, tat = kept, wait = wait, remaining = math.floor((now + span - kept) / interval),
          before = math.floor((now + span - known) / interval)}
end

local mine = take(KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4]))
local ours = take(KEYS[2], tonumber(ARGV[5]), tonumber(ARGV[6]))
local counted, limit = tonumber(ARGV[7]), tonumber(ARGV[8])
local refused, left = 0, -1
if limit >= 0 then
  local used = math.max(tonumber(redis.call('GET', KEYS[3]) or 0), tonumber(ARGV[9]))
  left = math.max(limit - used, 0)
  if counted > left then refused = 1 end
  if mine.wait == 0 and ours.wait == 0 and refused == 0 and counted > 0 then
    redis.call('SET', KEYS[3], used + counted, 'EX', tonumber(ARGV[10]))
    left = left - counted
  end
end

local admitted = mine.wait == 0 and ours.wait == 0 and refused == 0
for key, one in pairs({[KEYS[1]] = mine, [KEYS[2]] = ours}) do
  if one.known then
    if not admitted then
      one.tat, one.remaining = one.known, one.before
    elseif units > 0 then
      redis.call('SET', key, string.format('%.0f', one.tat), 'PX', math.ceil((one.tat - now) / 1000) + 1000)
    end
  end
end
return {mine.wait, mine.remaining, mine.tat - now, ours.wait, ours.remaining, ours.tat - now, refused, left}
