-- `Broker.lock`: {-1} no such room, {0, ms to wait at most}, {1, fence, document, version, held fields}.
local ticket, lease = ARGV[2], tonumber(ARGV[3])
if not live() then
  return { -1 }
end
local function granted()
  local got = call('HMGET', R, 'fence', 'doc', 'version', 'held')
  return { 1, tonumber(got[1]), got[2], tonumber(got[3]), got[4] or '' }
end
local function held()
  local got = call('HMGET', R, 'holder', 'until')
  return got[1], tonumber(got[2] or 0)
end

local holder, ends = held()
if holder and ends <= now then
  pass_on()
  holder, ends = held()
end
if holder == ticket then
  return granted()
end
if not holder and call('ZCARD', LOCKS) > 0 then
  pass_on()
  holder, ends = held()
end
if not holder then
  call('ZREM', LOCKS, ticket)
  call('HINCRBY', R, 'fence', 1)
  call('HSET', R, 'holder', ticket, 'until', now + lease)
  return granted()
end
if holder == ticket then
  return granted()
end
if not call('ZSCORE', LOCKS, ticket) then
  call('ZADD', LOCKS, call('HINCRBY', R, 'turn', 1), ticket)
  call('PEXPIRE', LOCKS, LIVE)
end
return { 0, ends - now }
