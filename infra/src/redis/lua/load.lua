-- Opens a campaign with what was staged, and ends the claim.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox  6 opening  7 staged holds  8 staged buyers
--       9 staged attempts
-- ARGV  1 the token of the claim  2 the epoch  3 field, value, field, value, ... of the sale
-- Returns 1 if it is open with this; 0 if the claim is another's, has ended or was made in another life of the server.
-- Nobody else opens it while the claim lasts, and what is open is not claimed: so nothing that is open is lost by this.

if redis.call('HGET', KEYS[1], 'opened_by') == ARGV[1] then
  -- Sent again after it was done.
  return is_open(KEYS[1]) and 1 or 0
end

local life = server_life()
if redis.call('GET', KEYS[6]) ~= ARGV[1] .. ' ' .. life then
  return 0
end

-- First what a server that is full would refuse, so that it refuses all or nothing.
redis.call('HSET', KEYS[1], 'open', '0')
redis.call('UNLINK', KEYS[6], KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
for n = 2, 4 do
  if redis.call('EXISTS', KEYS[n + 5]) == 1 then
    redis.call('RENAME', KEYS[n + 5], KEYS[n])
  end
end
redis.call('HSET', KEYS[1], 'open', '1', 'server', life, 'opened_by', ARGV[1], 'epoch', ARGV[2], unpack(ARGV, 3))
return 1
