-- Does what the other scripts do, to see whether the server lets us.
--
-- KEYS  1 a key of our own
-- Returns the server's life.

redis.call('HSET', KEYS[1], 'probe', '1')
redis.call('UNLINK', KEYS[1])
redis.call('TIME')
return server_life()
