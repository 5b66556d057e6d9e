-- The holds of a user.
--
-- KEYS  1 sale  2 holds  3 buyers
-- ARGV  1 the user
-- Returns order, hold, order, hold; nothing if there are none or the campaign is not open.

local buyer = is_open(KEYS[1]) and redis.call('HGET', KEYS[3], ARGV[1])
local found = {}
if buyer then
  for order in string.gmatch(string.match(buyer, '|(.*)$'), '[^,]+') do
    local hold = redis.call('HGET', KEYS[2], order)
    if hold then
      found[#found + 1] = order
      found[#found + 1] = hold
    end
  end
end
return found
