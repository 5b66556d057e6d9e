-- Claims the opening of a campaign.
--
-- KEYS  1 opening  2 sale
-- ARGV  1 the token of the claim  2 after how many ms it ends by itself
-- Returns 1 if the claim is the caller's; 0 if it is another's, or if the campaign is open.
--
-- The claim remembers the server's life: what was written under it may be lost in another one, where it opens nothing
-- and is in nobody's way.

if is_open(KEYS[2]) then
  return 0
end
local life = server_life()
local mine = ARGV[1] .. ' ' .. life
local claim = redis.call('GET', KEYS[1])
if claim == mine then
  return 1
end
if claim and string.match(claim, ' (%S+)$') == life then
  return 0
end
redis.call('SET', KEYS[1], mine, 'PX', ARGV[2])
return 1
