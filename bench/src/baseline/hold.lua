-- The least that a grab needs of Redis: take a unit and note whose it is.
-- KEYS: 1 units left, 2 holds. ARGV: 1 attempt, 2 units, 3 the hold. Returns 1, or 0 if too little is left.
local left = redis.call('DECRBY', KEYS[1], ARGV[2])
if left < 0 then
    redis.call('INCRBY', KEYS[1], ARGV[2])
    return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
