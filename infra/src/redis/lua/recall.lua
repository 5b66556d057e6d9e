-- The order that an attempt got.
--
-- KEYS  1 sale  2 attempts  3 outbox
-- ARGV  1 the attempt: user|request key
-- Returns order|quantity; nothing if the attempt is not known, if its hold is not noted as published yet, or if the
-- campaign is not open.

local got = is_open(KEYS[1]) and redis.call('HGET', KEYS[2], ARGV[1])
if not got then
  return false
end
local entry = string.match(got, '^%x+|') .. string.match(ARGV[1], '^%x+')
if redis.call('ZSCORE', KEYS[3], entry) then
  return false
end
return string.match(got, '^%x+|%d+')
