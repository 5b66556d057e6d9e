-- Marks attempts whose holds are handed out to somebody who asked again, so that whoever took them does not give them
-- back (see release.lua).
--
-- KEYS  1 holds  2 attempts
-- ARGV  for each: its order, the attempt: user|request key
-- Returns for each 1, or 0 if the attempt has no such hold any more.

local answers = {}
for n = 1, #ARGV / 2 do
  local order, attempt = ARGV[2 * n - 1], ARGV[2 * n]
  local got, quantity = string.match(redis.call('HGET', KEYS[2], attempt) or '', '^(%x+)|(%d+)')
  if got == order and redis.call('HEXISTS', KEYS[1], order) == 1 then
    redis.call('HSET', KEYS[2], attempt, order .. '|' .. quantity .. '|handed')
    answers[n] = 1
  else
    answers[n] = 0
  end
end
return answers
