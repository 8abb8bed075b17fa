-- Workers: their leases, what a dead one held, and what all of them share.

local function belongs(text, worker)
  return string.sub(text, 1, #worker + 1) == worker .. ' '
end

--- script: reclaim
-- A worker (ARGV[2]) is dead: its participants are lost, its claims and its lock free.
local worker = ARGV[2]
if not live() then
  return -1
end
local people = call('HGETALL', PEOPLE)
for i = 1, #people, 2 do
  local participant = string.match(people[i], '^p:(.*)$')
  local one = participant and cmsgpack.unpack(people[i + 1])
  if one and one.w == worker then
    one.w = ''
    write_record(participant, one)
    if one.o and not call('ZSCORE', DUE, participant) then
      lose(participant, one)
    end
  end
end
local open = call('HGETALL', OPEN)
for i = 1, #open, 2 do
  if belongs(open[i + 1], worker) then
    abandon_claim(open[i], open[i + 1])
  end
end
local holder = call('HGET', R, 'holder')
if holder and belongs(holder, worker) then
  pass_on()
end
settle()
return next_due()

--- script: resync
-- A worker was disconnected and has returned: it keeps its holdings, everything else is lost or free.
-- ARGV[2] (JSON): worker, fence of the lock it holds or '', connected participants, open claims.
-- {0} no such room, {1, ms until something is due, participants who left, those who resumed elsewhere}.
local held = cjson.decode(ARGV[2])
if not live() then
  return { 0 }
end
local missing, replaced, claims = {}, {}, {}
local connected = held.connected
for _, nonce in ipairs(held.claims) do
  claims[nonce] = true
end
local people = call('HGETALL', PEOPLE)
for i = 1, #people, 2 do
  local participant = string.match(people[i], '^p:(.*)$')
  local one = participant and cmsgpack.unpack(people[i + 1])
  if one and one.o and connected[participant] == one.c then
    connected[participant] = nil
    one.w, one.x = held.worker, 0
    write_record(participant, one)
    call('ZREM', DUE, participant)
  elseif one and one.o and connected[participant] then
    connected[participant] = nil
    replaced[#replaced + 1] = participant
  elseif one and one.w == held.worker and one.o and not call('ZSCORE', DUE, participant) then
    lose(participant, one)
  end
end
for participant in pairs(connected) do
  missing[#missing + 1] = participant
end
local open = call('HGETALL', OPEN)
for i = 1, #open, 2 do
  local nonce = string.match(open[i + 1], '^%S+ %S+')
  if belongs(nonce, held.worker) and not claims[nonce] then
    abandon_claim(open[i], open[i + 1])
  end
end
local got = call('HMGET', R, 'fence', 'holder')
if got[2] and belongs(got[2], held.worker) and got[1] ~= held.fence then
  pass_on()
end
settle()
expire(call('ZCARD', PRESENT) > 0 and LIVE or AGE)
return { 1, next_due(), missing, replaced }

--- script of the store: heartbeat
-- Renew a worker's lease. KEYS[1]: the workers, KEYS[2]: this worker's rooms. ARGV: 1 worker, 2 lease (ms),
-- 3 how long both are kept (ms). {whether the lease had not run out, workers whose lease has}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local former = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now + 2 * ARGV[2], '+inf')) do
  -- The server's clock was set back: a worker that has died since would never be missed.
  redis.call('ZADD', KEYS[1], now + ARGV[2], other)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { former and 1 or 0, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now) }

--- script of the store: generation
-- The generation, a prefix of all keys: a new one if the store is empty or may have lost a write.
-- ARGV: 1 the name of a new generation, 2 the server's run id, 3 whether a restart loses no writes,
-- 4 how long the name is kept (ms).
local name, run = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if not name or (run ~= ARGV[2] and ARGV[3] ~= '1') then
  name = ARGV[1]
end
redis.call('SET', KEYS[1], name .. ' ' .. ARGV[2], 'PX', ARGV[4])
return name

--- script of the store: broadcast
-- `Broker.broadcast`: the message is kept for a while, for processes that are disconnected now.
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 256, '*', 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1] .. ':events', 'M ' .. id .. ' ' .. ARGV[1])
return id
