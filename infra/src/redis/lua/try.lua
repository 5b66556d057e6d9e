-- Counts an attempt to sign in for its account, and for its account and address; or counts nothing, if there were too
-- many of either.
--
-- A key holds the moment (µs) at which its next attempt would be due if they had come evenly: GCRA, as `domain::rate`.
--
-- KEYS  1 of the account and the address  2 of the account
-- ARGV  1 now (µs; empty: by this server's clock)
--       2 time of an attempt (µs) and  3 time of all of them (µs), of the account and the address
--       4 and 5 the same of the account
-- Returns how long to wait (µs), 0 if the attempt was counted.

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local due = {}
for i = 1, 2 do
  local each, all = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local seen = tonumber(redis.call('GET', KEYS[i]) or 0)
  -- Nobody is due later than that, unless the clock was set back.
  if seen < now or seen > now + all then
    seen = now
  end
  due[i] = seen + each
  if due[i] > now + all then
    return due[i] - now - all
  end
end
for i = 1, 2 do
  redis.call('SET', KEYS[i], string.format('%.0f', due[i]), 'PX', math.ceil(tonumber(ARGV[2 * i + 1]) / 1000))
end
return 0
