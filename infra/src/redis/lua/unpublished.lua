-- Holds that were not noted as published, the oldest first, also those of a life that is over.
--
-- KEYS  1 holds  2 outbox
-- ARGV  1 the time in ms, or '' for the server's own  2 how old they must be, in ms  3 from which moment on, in ms
--       4 how many at most
-- Returns order, moment, hold, order, moment, hold.

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local before = string.format('%.0f', now - tonumber(ARGV[2]))
local left = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[3], before, 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local found = {}
for n = 1, #left, 2 do
  local order = string.match(left[n], '^%x+')
  local hold = redis.call('HGET', KEYS[1], order)
  if hold then
    found[#found + 1] = order
    found[#found + 1] = left[n + 1]
    found[#found + 1] = hold
  end
end
return found
