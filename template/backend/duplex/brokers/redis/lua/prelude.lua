-- In front of every script of a room: what the others call. broker_redis_scripts.py puts
-- the limits (COUNT, SIZE, AGE, HANDLED, GRACE, LIVE; times in ms) above this.
--
-- KEYS[1] is the room's hash. Its other keys share its hash tag, so they are on the same node:
--   log      stream, `<seq>-0` -> d (dump), t (server ms), z (size), s (state, retain=latest only)
--   people   hash, `p:<participant>` -> record, `t:<resume token hash>` -> participant
--   present  sorted set, `{"participant":…,"name":…}` in the order they came
--   due      sorted set, participant -> when its grace, and then its resume token, ends
--   open     hash, `<participant> <request id>` -> `<worker> <n>`, then ` w` if somebody waits
--   locks    sorted set, tickets `<worker> <n> <lease ms>` in the order they came
--   done:<participant>, order:<participant>   handled requests and the order of their ages
-- ARGV[1] is the server time until which the caller waits: later, nothing is done.

local R = KEYS[1]
local LOG, PEOPLE, PRESENT = R .. ':log', R .. ':people', R .. ':present'
local DUE, OPEN, LOCKS = R .. ':due', R .. ':open', R .. ':locks'
local ALL = { R, LOG, PEOPLE, PRESENT, DUE, OPEN, LOCKS }
local call = redis.call

local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then
  return redis.error_reply('LATE the caller has given up')
end

local function live()
  return call('EXISTS', R) == 1
end

local function say(text)
  call('PUBLISH', R .. ':said', text)
end

local function expire(ms)
  for _, key in ipairs(ALL) do
    call('PEXPIRE', key, math.max(ms, 1))
  end
end

local function fields(row)
  local found = {}
  for i = 1, #row, 2 do
    found[row[i]] = row[i + 1]
  end
  return found
end

-- The log -----------------------------------------------------------------------------

local function number_of(id)
  return tonumber(string.match(id, '^%d+'))
end

-- Drop the oldest entries until every bound holds: the size, the age of the oldest (0 for none), and
-- the number of the newest that was dropped, if any was.
local function trimmed(size, oldest)
  local count = call('XLEN', LOG)
  if count <= COUNT and size <= SIZE and (count == 0 or oldest >= now - AGE) then
    return size, oldest
  end
  -- Nearly always one goes for the one that came, and the next is then the oldest.
  local gap, step = nil, 2
  oldest = 0
  while count > 0 and oldest == 0 do
    local rows = call('XRANGE', LOG, '-', '+', 'COUNT', step)
    step = 32
    for _, row in ipairs(rows) do
      local entry = fields(row[2])
      if count <= COUNT and size <= SIZE and tonumber(entry.t) >= now - AGE then
        oldest = entry.t
        break
      end
      gap = number_of(row[1])
      if entry.s then
        call('HDEL', R, 'l:' .. entry.s)
      end
      call('XDEL', LOG, row[1])
      count, size = count - 1, size - entry.z
    end
  end
  return size, oldest, gap
end

-- Keep one entry for those who come back; the size the log has then.
local function keep(seq, entry, size)
  if entry.retain == 'none' then
    return size
  end
  local more = {}
  if entry.retain == 'latest' then
    local former = call('HGET', R, 'l:' .. entry.state)
    local row = former and call('XRANGE', LOG, former .. '-0', former .. '-0')[1]
    if row then
      call('XDEL', LOG, row[1])
      size = size - fields(row[2]).z
    end
    call('HSET', R, 'l:' .. entry.state, seq)
    more = { 's', entry.state }
  end
  call('XADD', LOG, seq .. '-0', 'd', entry.dump, 't', now, 'z', entry.size, unpack(more))
  return size + entry.size
end

-- Number entries {dump, size, retain, state}, keep them, tell all who follow; the first number.
local function append(entries, ends)
  local got = call('HMGET', R, 'epoch', 'seq', 'size', 'oldest')
  local first, size, oldest = got[2] + 1, tonumber(got[3]), tonumber(got[4])
  local lengths, dumps, gap = {}, {}, nil
  for i, entry in ipairs(entries) do
    size = keep(first + i - 1, entry, size)
    lengths[i], dumps[i] = #entry.dump, entry.dump
  end
  if oldest == 0 then
    oldest = now
    call('PEXPIRE', LOG, LIVE)
  end
  size, oldest, gap = trimmed(size, oldest)
  local seq = first + #entries - 1
  call('HSET', R, 'seq', seq, 'size', size, 'oldest', oldest, unpack(gap and { 'gap', gap } or {}))
  local head = { 'E', got[1], first, now, ends and 1 or 0, table.concat(lengths, ',') }
  say(table.concat(head, ' ') .. '\n' .. table.concat(dumps))
  return first, got[1]
end

-- People ------------------------------------------------------------------------------

-- A record: n name, u user ('' for none), c connection, h token hash, w worker, o whether present,
-- d its data in a presence message, j and l the dumps of its joined and left, jz and lz their sizes.
local function read_one(participant)
  local packed = call('HGET', PEOPLE, 'p:' .. participant)
  return packed and cmsgpack.unpack(packed)
end

local function write_one(participant, one)
  call('HSET', PEOPLE, 'p:' .. participant, cmsgpack.pack(one))
end

local function forget(participant, one)
  call('HDEL', PEOPLE, 'p:' .. participant, 't:' .. one.h)
  call('ZREM', DUE, participant)
  call('UNLINK', R .. ':done:' .. participant, R .. ':order:' .. participant)
end

local function tell_joined(one)
  call('ZADD', PRESENT, call('HINCRBY', R, 'turn', 1), one.d)
  append({ { dump = one.j, size = one.jz, retain = 'all', state = 'joined' } })
end

local function tell_left(one)
  call('ZREM', PRESENT, one.d)
  append({ { dump = one.l, size = one.lz, retain = 'all', state = 'left' } })
  if call('ZCARD', PRESENT) == 0 then
    expire(AGE)
  end
end

-- Present for the grace from now on; whoever follows the room comes back to it then.
local function lose(participant)
  call('ZADD', DUE, now + GRACE, participant)
  call('PEXPIRE', DUE, LIVE)
  say('D ' .. GRACE)
end

-- ms until something is due in this room, -1 for nothing.
local function next_due()
  local first = call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
  return first[2] and math.max(first[2] - now, 0) or -1
end

-- End every grace, and forget every resume token, whose time has come.
local function settle()
  for _, participant in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now)) do
    local one = read_one(participant)
    if not one then
      call('ZREM', DUE, participant)
    elseif one.o then
      local lost = call('ZSCORE', DUE, participant) - GRACE
      one.o = false
      write_one(participant, one)
      call('ZADD', DUE, lost + math.max(AGE, GRACE), participant)
      tell_left(one)
    else
      forget(participant, one)
    end
  end
end

-- Requests ----------------------------------------------------------------------------

local function close_claim(field, value)
  call('HDEL', OPEN, field)
  if string.sub(value, -2) == ' w' then
    say('C ' .. field)
  end
end

local function owns(value, nonce)
  return value and (value == nonce or value == nonce .. ' w')
end

-- Forget handled requests over their age, and replies over the size.
local function trim_done(participant)
  local done, order = R .. ':done:' .. participant, R .. ':order:' .. participant
  while true do
    local oldest = call('LINDEX', order, 0)
    if not oldest then
      return
    end
    local at, size, id = string.match(oldest, '^(%d+) (%d+) (.*)$')
    if tonumber(at) >= now - HANDLED then
      break
    end
    call('LPOP', order)
    call('HDEL', done, 'i' .. id)
    if tonumber(call('HGET', done, 'empty') or 0) > 0 then
      call('HINCRBY', done, 'empty', -1)
    else
      call('HINCRBY', done, 'size', -size)
    end
  end
  while tonumber(call('HGET', done, 'size') or 0) > SIZE do
    local empty = tonumber(call('HGET', done, 'empty') or 0)
    local _, size, id = string.match(call('LINDEX', order, empty), '^(%d+) (%d+) (.*)$')
    call('HSET', done, 'i' .. id, '', 'empty', empty + 1)
    call('HINCRBY', done, 'size', -size)
  end
end

-- Locks -------------------------------------------------------------------------------

-- Give the free lock to the first who waits and whose worker listens.
local function pass_on()
  call('HDEL', R, 'holder', 'until')
  while true do
    local ticket = call('ZRANGE', LOCKS, 0, 0)[1]
    if not ticket then
      return
    end
    call('ZREM', LOCKS, ticket)
    local worker, lease = string.match(ticket, '^(%S+) %S+ (%d+)$')
    local channel = string.match(R, '^(.-):{') .. ':worker:' .. worker .. ':said'
    if call('PUBLISH', channel, 'L ' .. ticket .. ' ' .. R) > 0 then
      call('HINCRBY', R, 'fence', 1)
      call('HSET', R, 'holder', ticket, 'until', now + lease)
      return
    end
  end
end

local function belongs(text, worker)
  return string.sub(text, 1, #worker + 1) == worker .. ' '
end

local function entries_after(seq)
  return call('XRANGE', LOG, '(' .. seq .. '-0', '+')
end

