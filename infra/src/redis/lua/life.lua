-- What every script begins with that asks whether a campaign is open. Is put in front of its text.
--
-- A life of a campaign's stock belongs to one life of the server: to its process (run_id) and to its history of
-- replication (master_replid, which changes with every promotion). A server that was started again, that was
-- promoted, or to which the keys were moved may have forgotten the last moments, so the stock may be too high. Then
-- the life is over: it is closed here, before anything is sold of it, and only `load` opens the next one.

local function server_life()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return run .. '-' .. history
end

local function is_open(sale)
  local life = redis.call('HMGET', sale, 'open', 'server')
  if life[1] ~= '1' then
    return false
  end
  if life[2] == server_life() then
    return true
  end
  redis.call('HSET', sale, 'open', '0')
  return false
end
