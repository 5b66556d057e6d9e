-- Notes that the messages of holds are safe in the queue.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- ARGV  for each hold: its order, its epoch
-- Returns for each hold 1, or 0 if it is of another life of the stock and not in the present one, or if there is no
-- present one.
--
-- The note is taken out of the outbox in either case: the message is where whoever opens the next life looks for it.

local open = is_open(KEYS[1])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local orders, answers = {}, {}
for n = 1, #ARGV / 2 do
  local order = ARGV[2 * n - 1]
  orders[n] = order
  answers[n] = open and (ARGV[2 * n] == epoch or redis.call('HEXISTS', KEYS[2], order) == 1) and 1 or 0
end
redis.call('ZREM', KEYS[5], unpack(orders))
return answers
