-- The hold of an order.
--
-- KEYS  1 sale  2 holds
-- ARGV  1 the order
-- Returns the hold; nothing if there is none or the campaign is not open.

return is_open(KEYS[1]) and redis.call('HGET', KEYS[2], ARGV[1])
