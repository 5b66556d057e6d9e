-- Gives the units of orders back whose holds are still there, also those of a life that is over.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- ARGV  orders
-- Returns for each order how many units came back.
--
-- A hold that was not noted as published came to nothing: its request key is free again.
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
  if redis.call('ZREM', KEYS[5], order) == 1 and key ~= '' then
    local attempt = user .. '|' .. key
    local got = redis.call('HGET', KEYS[4], attempt)
    if got and string.match(got, '^(%x+)|') == order then
      redis.call('HDEL', KEYS[4], attempt)
    end
  end
  return quantity
end

local answers = {}
for n, order in ipairs(ARGV) do
  answers[n] = release(order)
end
return answers
