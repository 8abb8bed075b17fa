-- The common part of every script of a room. scripts.py puts constants in front of it: the limits
-- (times in ms) and the beginnings of presence frames.
--
-- KEYS[1] is the room's hash. Its other keys share its hash tag, so they are on the same node:
--   log      stream, `<seq>-0` -> d (dump), t (server ms), z (size), s (state, retain=latest only)
--   people   hash, `p:<participant>` -> record, `t:<resume token hash>` -> participant
--   present  sorted set, `{"participant":…,"name":…}` by order of arrival
--   pending  hash, participant -> `<order> <kind> <its data>`: changes that are not announced yet
--   owners   sorted set, `<account or address>\n<participant>`, all with the same score
--   due      sorted set, participant -> when its grace, and then its resume token, ends;
--            '' -> when the pending changes are announced
--   open     hash, `<participant> <request id>` -> `<worker> <n>`, then ` w` if a claim waits
--   endings  hash, `<participant> <request id>` -> entries that are appended if the claim is abandoned
--   holds    hash, field of the document (JSON) -> its value (JSON) and the request that holds it; the
--            field `held` of the room's hash has all of them as one JSON object
--   locks    sorted set, tickets `<worker> <n> <lease ms>` by order of arrival
--   done:<participant>, order:<participant>   handled requests and the order of their ages
-- ARGV[1] is the server time at which the caller's timeout ends; after it nothing is done.

local R = KEYS[1]
local LOG, PEOPLE, PRESENT, PENDING = R .. ':log', R .. ':people', R .. ':present', R .. ':pending'
local OWNERS, DUE, OPEN, LOCKS = R .. ':owners', R .. ':due', R .. ':open', R .. ':locks'
local ENDINGS, HOLDS = R .. ':endings', R .. ':holds'
local ALL = { R }
for _, name in ipairs(ROOM_KEYS) do
  ALL[#ALL + 1] = R .. ':' .. name
end
local call = redis.call

local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then
  return redis.error_reply('LATE the caller has timed out')
end

local function live()
  return call('EXISTS', R) == 1
end

local function publish(text)
  call('PUBLISH', R .. ':events', text)
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
  -- Usually one entry is dropped for a new one, and the next one is then the oldest.
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

-- Keep one entry for replay; the size of the log after it.
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

-- Number entries {dump, size, retain, state}, keep and publish them; the first number, the epoch.
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
  publish(table.concat(head, ' ') .. '\n' .. table.concat(dumps))
  return first, got[1]
end

local function append_notice(state, head, retain, departed)
  local stored = { v = ENTRY_VERSION, state = state }
  if retain ~= 'all' then
    stored.retain = retain
  end
  if #departed > 0 then
    stored.departed = departed
  end
  local dump = cjson.encode(stored) .. '\n' .. head
  append({ { dump = dump, size = #head + ENTRY_OVERHEAD, retain = retain, state = state } })
end

-- Holds -------------------------------------------------------------------------------

-- Store all held fields as one JSON object, and announce those that have changed.
local function announce_holds(changed)
  local rows, all = call('HGETALL', HOLDS), {}
  for i = 1, #rows, 2 do
    all[#all + 1] = rows[i] .. ':' .. cmsgpack.unpack(rows[i + 1]).value
  end
  if #all > 0 then
    call('HSET', R, 'held', '{' .. table.concat(all, ',') .. '}')
    call('PEXPIRE', HOLDS, LIVE)
  else
    call('HDEL', R, 'held')
  end
  for _, field in ipairs(changed) do
    append_notice('held', HELD .. '{' .. field.name .. ':' .. field.value .. '}', 'all', {})
  end
end

local function holder_of(field)
  local packed = call('HGET', HOLDS, field)
  return packed and cmsgpack.unpack(packed).holder
end

local function hold(holder, fields)
  for _, field in ipairs(fields) do
    call('HSET', HOLDS, field.name, cmsgpack.pack({ holder = holder, value = field.value }))
  end
  announce_holds(fields)
end

-- End the holds of a request (`<participant> <request id>`), or of all of a participant's (`<participant> `).
local function unhold(holder, every)
  local rows, ended = call('HGETALL', HOLDS), {}
  for i = 1, #rows, 2 do
    local found = cmsgpack.unpack(rows[i + 1]).holder
    if found == holder or (every and string.sub(found, 1, #holder) == holder) then
      call('HDEL', HOLDS, rows[i])
      ended[#ended + 1] = { name = rows[i], value = 'null' }
    end
  end
  if #ended > 0 then
    announce_holds(ended)
  end
end

-- Presence ----------------------------------------------------------------------------

-- A record: n name, u user ('' for none), c connection, h token hash, w worker, o whether present,
-- d its data in presence frames, k the owner ('' for none), x when its connection was lost (0: it has one).
local function read_record(participant)
  local packed = call('HGET', PEOPLE, 'p:' .. participant)
  return packed and cmsgpack.unpack(packed)
end

local function write_record(participant, one)
  call('HSET', PEOPLE, 'p:' .. participant, cmsgpack.pack(one))
end

-- Members of `owners` begin with the owner and a line feed: those of one owner are a range.
local function owner_range(owner)
  return '[' .. owner .. '\n', '(' .. owner .. '\11'
end

local function forget(participant, one)
  call('HDEL', PEOPLE, 'p:' .. participant, 't:' .. one.h)
  call('ZREM', DUE, participant)
  call('UNLINK', R .. ':done:' .. participant, R .. ':order:' .. participant)
  call('ZREM', OWNERS, one.k .. '\n' .. participant)
  unhold(participant .. ' ', true)
end

-- The pending changes by order: data of joined and left, and the ids of all who departed.
local function take_pending()
  local rows, found = call('HGETALL', PENDING), {}
  for i = 1, #rows, 2 do
    local order, kind, data = string.match(rows[i + 1], '^(%d+) (%a) (.*)$')
    found[#found + 1] = { id = rows[i], order = tonumber(order), kind = kind, data = data }
  end
  table.sort(found, function(a, b) return a.order < b.order end)
  local joined, left, departed = {}, {}, {}
  for _, change in ipairs(found) do
    if change.kind == 'j' then
      joined[#joined + 1] = change.data
    else
      left[#left + 1] = change.data
      departed[#departed + 1] = change.id
    end
  end
  call('DEL', PENDING)
  return #found, joined, left, departed
end

local function list(items)
  return '[' .. table.concat(items, ',') .. ']'
end

-- Announce all pending changes, as Gathering and wire/presence.py describe.
local function announce(slot, crowd)
  call('ZREM', DUE, '')
  local count, joined, left, departed = take_pending()
  if count == 0 then
    return
  end
  local total = call('ZCARD', PRESENT)
  local crowded = crowd or total > PAGE
  crowd = crowded and total > DISPERSED
  slot = math.max(slot, now) + (crowd and CROWD_INTERVAL or INTERVAL)
  call('HSET', R, 'slot', slot, 'crowd', crowd and 1 or 0)
  if crowd then
    local retain = #departed > 0 and 'all' or 'latest'
    append_notice('presence', PRESENCE .. '{"total":' .. total .. '}', retain, departed)
  elseif crowded then
    local all = list(call('ZRANGE', PRESENT, 0, -1))
    local data = '{"participants":' .. all .. ',"total":' .. total .. '}'
    append_notice('presence', PRESENCE .. data, 'all', departed)
  elseif count == 1 and joined[1] then
    append_notice('joined', JOINED .. joined[1], 'all', departed)
  elseif count == 1 and left[1] then
    append_notice('left', LEFT .. left[1], 'all', departed)
  else
    local data = '{"joined":' .. list(joined) .. ',"left":' .. list(left) .. ',"total":' .. total .. '}'
    append_notice('presence', PRESENCE .. data, 'all', departed)
  end
end

-- Announce now if the rate allows it, else later. An empty room does not wait.
local function settle_presence()
  local total = call('ZCARD', PRESENT)
  local waiting = call('ZSCORE', DUE, '')
  if waiting and tonumber(waiting) > now and total > 0 then
    return
  end
  local got = call('HMGET', R, 'slot', 'crowd')
  local slot, crowd = tonumber(got[1] or 0), got[2] == '1' or total > PAGE
  local at = crowd and slot or slot - (BURST - 1) * INTERVAL
  if waiting or at <= now or total == 0 then
    announce(slot, got[2] == '1')
  else
    call('ZADD', DUE, at, '')
    call('PEXPIRE', DUE, LIVE)
    call('PEXPIRE', PENDING, LIVE)
    publish('D ' .. (at - now))
  end
end

-- The last change of each participant is announced, even if the result is as before: a newcomer may
-- have received the list in between.
local function note_change(participant, one, kind)
  local order = call('HINCRBY', R, 'turn', 1)
  if kind == 'j' then
    call('ZADD', PRESENT, order, one.d)
  else
    call('ZREM', PRESENT, one.d)
  end
  call('HSET', PENDING, participant, order .. ' ' .. kind .. ' ' .. one.d)
  settle_presence()
end

local function appear(participant, one)
  note_change(participant, one, 'j')
end

local function disappear(participant, one)
  note_change(participant, one, 'l')
  if call('ZCARD', PRESENT) == 0 then
    expire(AGE)
  end
end

-- The grace starts now; every process that follows the room settles it at its end.
local function lose(participant, one)
  one.x = now
  write_record(participant, one)
  call('ZADD', DUE, now + GRACE, participant)
  call('PEXPIRE', DUE, LIVE)
  publish('D ' .. GRACE)
end

-- The time in ms until the room has to be settled, -1 for none.
local function next_due()
  local first = call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
  return first[2] and math.max(first[2] - now, 0) or -1
end

-- End every grace and forget every resume token that has expired, and announce the changes that are due.
local function settle()
  for _, participant in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now)) do
    local one = participant ~= '' and read_record(participant)
    if not one then
      call('ZREM', DUE, participant)
    elseif one.o then
      local lost = call('ZSCORE', DUE, participant) - GRACE
      one.o = false
      write_record(participant, one)
      call('ZADD', DUE, lost + math.max(AGE, GRACE), participant)
      disappear(participant, one)
    else
      forget(participant, one)
    end
  end
  if call('EXISTS', PENDING) == 1 then
    settle_presence()
  end
end

-- Requests ----------------------------------------------------------------------------

local function close_claim(field, value)
  call('HDEL', OPEN, field)
  if string.sub(value, -2) == ' w' then
    publish('C ' .. field)
  end
end

-- A claim is released unhandled, or its worker is dead: a request that had started ends as it declared.
local function abandon_claim(field, value)
  unhold(field)
  local packed = call('HGET', ENDINGS, field)
  if packed then
    call('HDEL', ENDINGS, field)
    local endings = cmsgpack.unpack(packed)
    local first = append(endings, false)
    local participant, request = string.match(field, '^(%S+) (.*)$')
    if call('HEXISTS', PEOPLE, 'p:' .. participant) == 1 then
      local done = R .. ':done:' .. participant
      call('HSET', done, 'i' .. request, (first + #endings - 1) .. ' ' .. endings[#endings].dump)
      call('PEXPIRE', done, math.max(HANDLED, 1))
    end
  end
  close_claim(field, value)
end

local function owns(value, nonce)
  return value and (value == nonce or value == nonce .. ' w')
end

-- Forget handled requests beyond their age, and replies beyond the size.
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

-- Grant the free lock to the first ticket whose worker still listens.
local function pass_on()
  call('HDEL', R, 'holder', 'until')
  while true do
    local ticket = call('ZRANGE', LOCKS, 0, 0)[1]
    if not ticket then
      return
    end
    call('ZREM', LOCKS, ticket)
    local worker, lease = string.match(ticket, '^(%S+) %S+ (%d+)$')
    local channel = string.match(R, '^(.-):{') .. ':worker:' .. worker .. ':events'
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

