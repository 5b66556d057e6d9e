-- Whether a campaign is open, and puts away what is left of one that is over and of no use to anybody.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox  6 opening  7 and on: staged keys
-- Returns open; closed, if holds of it wait to be published or somebody opens it; gone.

if is_open(KEYS[1]) then
  return 'open'
end
if redis.call('ZCARD', KEYS[5]) > 0 or redis.call('EXISTS', KEYS[6]) == 1 then
  return 'closed'
end
redis.call('UNLINK', unpack(KEYS))
return 'gone'
