-- Closes a campaign. What is not noted as published stays, with its holds, for the relay and the next opening.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- Returns 1 if nothing is left.

if redis.call('ZCARD', KEYS[5]) > 0 then
  redis.call('HSET', KEYS[1], 'open', '0')
  return 0
end
redis.call('UNLINK', unpack(KEYS))
return 1
