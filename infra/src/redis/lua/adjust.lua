-- Adds units to an open campaign or takes available ones away, once for each token.
--
-- KEYS  1 sale
-- ARGV  1 a token of this adjustment  2 how many units
-- Returns the available units, then, if it was adjusted, the quantity, held, epoch and the version of the terms;
-- nothing if the campaign is not open.
--
-- The last tokens are remembered, because a client sends again what may have been done already.

local remembered = 32
local most = 4294967295

if not is_open(KEYS[1]) then
  return false
end
local sale = redis.call('HMGET', KEYS[1], 'available', 'quantity', 'adjusted')
local available, quantity, tokens = tonumber(sale[1]), tonumber(sale[2]), sale[3] or ''

if not string.find(tokens, ARGV[1], 1, true) then
  local delta = tonumber(ARGV[2])
  available, quantity = available + delta, quantity + delta
  if available < 0 or quantity < 0 or available > most or quantity > most then
    return { sale[1] }
  end
  tokens = string.sub(ARGV[1] .. ',' .. tokens, 1, remembered * (#ARGV[1] + 1))
  redis.call('HSET', KEYS[1], 'available', string.format('%.0f', available), 'quantity',
    string.format('%.0f', quantity), 'adjusted', tokens)
end
return redis.call('HMGET', KEYS[1], 'available', 'quantity', 'held', 'epoch', 'version')
