-- Takes a campaign out of those that have keys, unless it was opened again meanwhile.
--
-- KEYS  1 campaigns
-- ARGV  1 the campaign  2 the epoch with which it was known
-- Returns 1 if it was taken out.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
