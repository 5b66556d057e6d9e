-- Notes that the messages of holds are safe in the queue.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- ARGV  1 the epoch of the holds  2 and on: their entries in the outbox, order|user
-- Returns for each hold 1, or 0 if it is of another life of the stock and not in the present one, or if there is no
-- present one.
--
-- The note is taken out of the outbox in either case: the message is where whoever opens the next life looks for it.

local open = is_open(KEYS[1])
local present = open and redis.call('HGET', KEYS[1], 'epoch') == ARGV[1]
local answers = {}
for n = 2, #ARGV do
  answers[n - 1] = (present or open and redis.call('HEXISTS', KEYS[2], string.match(ARGV[n], '^%x+')) == 1) and 1 or 0
end
redis.call('ZREM', KEYS[5], unpack(ARGV, 2))
return answers
