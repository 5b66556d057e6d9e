-- Writes a part of the next life of a campaign's stock beside the present one.
--
-- KEYS  1 opening  2 a staged key
-- ARGV  1 the token of the claim  2 '1' if this is the first part of the key  3 field, value, field, value, ...
-- Returns 1; 0 if the claim is another's or has ended.

local claim = redis.call('GET', KEYS[1])
if not claim or string.match(claim, '^(%S+) ') ~= ARGV[1] then
  return 0
end
if ARGV[2] == '1' then
  redis.call('UNLINK', KEYS[2])
end
if #ARGV > 2 then
  redis.call('HSET', KEYS[2], unpack(ARGV, 3))
end
return 1
