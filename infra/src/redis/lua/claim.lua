-- Claims the opening of a campaign.
--
-- KEYS  1 opening
-- ARGV  1 the token of the claim  2 after how many ms it ends by itself
-- Returns 1 if the claim is the caller's.
--
-- The claim remembers the server's life: what was written under it may be lost in another one.

local claim = ARGV[1] .. ' ' .. server_life()
if redis.call('SET', KEYS[1], claim, 'NX', 'PX', ARGV[2]) then
  return 1
end
return redis.call('GET', KEYS[1]) == claim and 1 or 0
