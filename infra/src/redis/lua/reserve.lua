-- Takes units for a group of asks of one campaign, each as if it came alone, in their order.
--
-- KEYS  1 sale  2 holds  3 buyers  4 attempts  5 outbox
-- ARGV  1 the time in ms, or '' for the server's own  2 the most that the outbox may have
--       then for each ask: its order, its user, its quantity, its request key or ''
-- Returns first what all holds of this call have in common: |price|currency|limit|window|the time|epoch|
--       then for each ask, in the order in which it is checked:
--   closed                     the campaign is not open
--   a number                   the units are its from now on, and this is what is left for others
--   held|left|hold             the units are its since the same ask came before
--   known|order|hold or ''     this attempt got that order before; the hold if it is not noted as published
--   reused                     this user used the request key for another quantity
--   ended, paused, early|ms    over, stopped, starts then
--   limit|limit|units          more than a user may have; what this user has
--   out, few|left              nothing left, not as much left
--   full                       the outbox is full: nothing was taken
--
-- What it reads and writes is one command a key, however many asks there are. An ask that came before is known by its
-- request key, and by its order only if it has none.

local asks = (#ARGV - 2) / 4
local answers = {}

if not is_open(KEYS[1]) then
  answers[1] = ''
  for n = 1, asks do
    answers[n + 1] = 'closed'
  end
  return answers
end

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local sale = redis.call('HMGET', KEYS[1], 'available', 'held', 'starts', 'ends', 'paused', 'ended', 'limit', 'window',
  'price', 'currency', 'epoch')
local available, held = tonumber(sale[1]), tonumber(sale[2])
local starts, ends = tonumber(sale[3]), tonumber(sale[4])
local paused, ended = sale[5] == '1', sale[6] == '1'
local limit = tonumber(sale[7])
local at = string.format('%.0f', now)
local terms = table.concat({ '', sale[9], sale[10], sale[7], sale[8], at, sale[11], '' }, '|')

-- What the asks are about.
local orders, users, attempts = {}, {}, {}
for n = 3, #ARGV, 4 do
  local user, key = ARGV[n + 1], ARGV[n + 3]
  users[#users + 1] = user
  if key == '' then
    orders[#orders + 1] = ARGV[n]
  else
    attempts[#attempts + 1] = user .. '|' .. key
  end
end

local function read(key, fields)
  local values = {}
  if #fields > 0 then
    local got = redis.call('HMGET', key, unpack(fields))
    for n = 1, #fields do
      values[fields[n]] = got[n]
    end
  end
  return values
end

local holds, buyers, known = read(KEYS[2], orders), read(KEYS[3], users), read(KEYS[4], attempts)

-- What is written at the end, as field, value, field, value; and what of it is new.
local new_holds, new_attempts, new_outbox, changed = {}, {}, {}, {}
local taken_now = {}
local outbox

-- A number below 10^14 that is made text by `..` has no exponent. It is not made text where a text is there.
local match = string.match
local function check(order, user, units_asked, key)
  local quantity = tonumber(units_asked)
  local attempt = key ~= '' and user .. '|' .. key
  -- The order that this is a repetition of, if it is one. Without a request key only its own can be.
  local got, asked = order, nil
  if attempt then
    got, asked = match(known[attempt] or '', '^(%x+)|(%d+)')
  end
  local hold = got == order and (holds[order] or attempt and redis.call('HGET', KEYS[2], order))
  if hold then
    return 'held|' .. available .. '|' .. hold
  end
  if asked then
    if tonumber(asked) ~= quantity then
      return 'reused'
    end
    local unpublished = taken_now[got] and holds[got]
      or redis.call('ZSCORE', KEYS[5], got .. '|' .. user) and redis.call('HGET', KEYS[2], got)
    return 'known|' .. got .. '|' .. (unpublished or '')
  end
  if ended or now >= ends then
    return 'ended'
  end
  if paused then
    return 'paused'
  end
  if now < starts then
    return 'early|' .. sale[3]
  end
  local units, of = 0, nil
  if buyers[user] then
    units, of = match(buyers[user], '^(%d+)|(.*)$')
    units = tonumber(units)
  end
  if units + quantity > limit then
    return 'limit|' .. sale[7] .. '|' .. units
  end
  if available == 0 then
    return 'out'
  end
  if available < quantity then
    return 'few|' .. available
  end
  outbox = outbox or redis.call('ZCARD', KEYS[5])
  if outbox >= tonumber(ARGV[2]) then
    return 'full'
  end

  available, held, outbox = available - quantity, held + quantity, outbox + 1
  hold = '1|' .. user .. '|' .. units_asked .. terms .. key
  holds[order], taken_now[order] = hold, true
  new_holds[#new_holds + 1] = order
  new_holds[#new_holds + 1] = hold
  new_outbox[#new_outbox + 1] = at
  new_outbox[#new_outbox + 1] = order .. '|' .. user
  buyers[user] = of and (units + quantity) .. '|' .. of .. ',' .. order or units_asked .. '|' .. order
  changed[user] = true
  if attempt then
    known[attempt] = order .. '|' .. units_asked
    new_attempts[#new_attempts + 1] = attempt
    new_attempts[#new_attempts + 1] = known[attempt]
  end
  return available
end

answers[1] = terms
for n = 3, #ARGV, 4 do
  answers[#answers + 1] = check(ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3])
end

if #new_holds > 0 then
  local new_buyers = {}
  for user in pairs(changed) do
    new_buyers[#new_buyers + 1] = user
    new_buyers[#new_buyers + 1] = buyers[user]
  end
  redis.call('HSET', KEYS[1], 'available', available, 'held', held)
  redis.call('HSET', KEYS[2], unpack(new_holds))
  redis.call('HSET', KEYS[3], unpack(new_buyers))
  if #new_attempts > 0 then
    redis.call('HSET', KEYS[4], unpack(new_attempts))
  end
  redis.call('ZADD', KEYS[5], unpack(new_outbox))
end
return answers
