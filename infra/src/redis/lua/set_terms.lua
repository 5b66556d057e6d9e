-- Sets the terms of an open campaign, if they are newer than those that it has.
--
-- KEYS  1 sale
-- ARGV  1 their version, then field, value, field, value
-- Returns 1 if they were set.

if not is_open(KEYS[1]) or tonumber(ARGV[1]) <= tonumber(redis.call('HGET', KEYS[1], 'version')) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], unpack(ARGV, 2))
return 1
