-- How the stock of a campaign stands.
--
-- KEYS  1 sale
-- Returns its quantity, available, held, epoch and the version of its terms; nothing if it is not open.

if not is_open(KEYS[1]) then
  return false
end
return redis.call('HMGET', KEYS[1], 'quantity', 'available', 'held', 'epoch', 'version')
