-- What every script begins with that asks whether a campaign is open. Is put in front of its text.
--
-- A life of a campaign's stock belongs to one life of the server: to its process (run_id) and to its history of
-- replication (master_replid, which changes with every promotion). A server that was started again, that was
-- promoted, or to which the keys were moved may have forgotten the last moments, so the stock may be too high. Then
-- the life is over: it is closed here, before anything is sold of it, and only `load` opens the next one.

-- An id in hexadecimal digits; nil if there is none. It is found by its name and not by a pattern, which would be tried
-- at every place of a long text.
local function told(section, name)
  local text = redis.call('INFO', section)
  local _, last = string.find(text, name .. ':', 1, true)
  return last and string.match(text, '^%x+', last + 1)
end

local function server_life()
  return told('server', 'run_id') .. '-' .. told('replication', 'master_replid')
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
