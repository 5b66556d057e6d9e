-- Takes an attempt to sign in back, that succeeded.
--
-- KEYS  1 of the account and the address  2 of the account
-- ARGV  1 and 2 the time of an attempt (µs), of each
-- Returns 0.

for i = 1, 2 do
  local seen = tonumber(redis.call('GET', KEYS[i]) or 0)
  if seen > 0 then
    -- A moment that has passed is as good as none, and goes with its key.
    redis.call('SET', KEYS[i], string.format('%.0f', seen - tonumber(ARGV[i])), 'KEEPTTL')
  end
end
return 0
