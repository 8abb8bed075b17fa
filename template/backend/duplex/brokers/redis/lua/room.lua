-- A room: its log, and the held fields of its document. The beginnings of these files, in the order room, participants, requests, workers, are
-- part of every script of a room; scripts.py puts constants in front of them: the limits (times in ms) and
-- the beginnings of announcements. A script is a section that begins with `--- script: <name>`.
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

local function entries_after(seq)
  return call('XRANGE', LOG, '(' .. seq .. '-0', '+')
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

--- script: tail
-- The entries after ARGV[3] of epoch ARGV[2]: {0} no such room, {1, epoch, seq, entries}; entries is nil
-- if one that had to be kept is missing. No epoch: the room was not live when it was last read, so all
-- entries are missing. Number -1: it was never read, and is followed from now on.
if not live() then
  return { 0 }
end
local seen = tonumber(ARGV[3])
local got = call('HMGET', R, 'epoch', 'seq', 'gap')
local missed = false
if (got[1] == ARGV[2] or ARGV[2] == '') and seen >= tonumber(got[3]) and seen <= tonumber(got[2]) then
  missed = entries_after(seen)
end
return { 1, got[1], tonumber(got[2]), missed }

--- script: discard
-- `Broker.discard`.
if live() and call('ZCARD', PRESENT) == 0 then
  append({}, true)
  call('UNLINK', unpack(ALL))
end
return 0
