-- Gives the units of orders back whose holds are still there, also those of a life that is over.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- ARGV  1 '1' to leave those alone whose attempt was handed out to somebody who may publish the hold
--       2 and on: orders
-- Returns for each order how many units came back; -1 if it was left alone.
--
-- With '1' the store takes back what it has told nobody: a request key is free again if its hold was not noted as
-- published. Otherwise an order was closed, and the attempt that got it is remembered.
-- What takes memory is written before what frees it, so that a server that is full refuses all or nothing.

local function fields(hold)
  local user, quantity, key = string.match(hold, '^1|(%x+)|(%d+)|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|(.*)$')
  return user, tonumber(quantity), key
end

local function without(orders, gone)
  local left = {}
  for order in string.gmatch(orders, '[^,]+') do
    if order ~= gone then
      left[#left + 1] = order
    end
  end
  return table.concat(left, ',')
end

local function release(order)
  local hold = redis.call('HGET', KEYS[2], order)
  if not hold then
    return 0
  end
  local user, quantity, key = fields(hold)
  if not user then
    error('the hold of ' .. order .. ' cannot be read')
  end
  local attempt = user .. '|' .. key
  local got = key ~= '' and redis.call('HGET', KEYS[4], attempt)
  local is_its = got and string.match(got, '^(%x+)|') == order
  if is_its and ARGV[1] == '1' and string.match(got, '|handed$') then
    return -1
  end

  local sale = redis.call('HMGET', KEYS[1], 'available', 'held')
  redis.call('HSET', KEYS[1], 'available', string.format('%.0f', tonumber(sale[1]) + quantity), 'held',
    string.format('%.0f', tonumber(sale[2]) - quantity))
  local units, orders = string.match(redis.call('HGET', KEYS[3], user), '^(%d+)|(.*)$')
  orders = without(orders, order)
  if orders == '' then
    redis.call('HDEL', KEYS[3], user)
  else
    redis.call('HSET', KEYS[3], user, string.format('%.0f', tonumber(units) - quantity) .. '|' .. orders)
  end
  redis.call('HDEL', KEYS[2], order)
  if redis.call('ZREM', KEYS[5], order .. '|' .. user) == 1 and is_its and ARGV[1] == '1' then
    redis.call('HDEL', KEYS[4], attempt)
  end
  return quantity
end

local answers = {}
for n = 2, #ARGV do
  answers[n - 1] = release(ARGV[n])
end
return answers
