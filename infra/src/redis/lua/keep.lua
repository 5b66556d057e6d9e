-- Keeps a claim to open a campaign for so much longer, and not as long as before.
--
-- KEYS  1 opening
-- ARGV  1 the token of the claim  2 after how many ms it ends by itself
-- Returns nothing. A claim that is another's or has ended stays as it is.

local claim = redis.call('GET', KEYS[1])
if claim and string.match(claim, '^(%S+) ') == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
