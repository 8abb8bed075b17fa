-- The participants of a room: who is present, which changes are to be announced, and what is due when.

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

-- Announce all pending changes, as Gathering and wire/announcements.py describe.
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
  local latest = now + BURST * INTERVAL + CROWD_INTERVAL
  if slot > latest then
    -- The server's clock was set back.
    slot = latest
    call('HSET', R, 'slot', slot)
  end
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
  -- Later than any grace or token ends: the server's clock was set back.
  local latest = now + math.max(AGE, GRACE)
  for _, participant in ipairs(call('ZRANGEBYSCORE', DUE, '(' .. latest, '+inf')) do
    local one = participant ~= '' and read_record(participant)
    call('ZADD', DUE, one and (one.o and now + GRACE or latest) or now, participant)
  end
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

--- script: join
-- `Broker.join`: open the room if needed, and be present in it. ARGV: 2 the request (JSON), 3 the seed.
-- {0} not live and no seed, {-1} too many of this owner are connected, else {1, participant, name,
-- epoch, seq, document, held fields, first page, total, whether resumed, replay or false, ms until something is due}.
local request = cjson.decode(ARGV[2])
local id = request.participant

if not live() then
  if not request.seeded then
    return { 0 }
  end
  -- An emptied store gets another generation: nobody would find a room of this one.
  local prefix, generation = string.match(R, '^(.-):([^:{]+):{')
  if string.match(call('GET', prefix .. ':generation') or '', '^%S*') ~= generation then
    return redis.error_reply('FORMER this generation is over')
  end
  call('UNLINK', unpack(ALL))
  call('HSET', R, 'epoch', request.epoch, 'doc', ARGV[3], 'seq', 0, 'gap', 0, 'size', 0, 'oldest', 0)
  -- The fence must be higher than that of every lock of a former room of this id.
  call('HSET', R, 'version', 0, 'fence', now)
end
settle()

local former = request.resume_token ~= '' and call('HGET', PEOPLE, 't:' .. request.resume_token)
local one = former and read_record(former)
local resumed = one and one.u == request.user

-- The participants of the owner that have to be removed, in the order in which they lost their
-- connections; nil if there are not enough of them.
local function surplus()
  local first, last = owner_range(request.owner)
  local excess = call('ZLEXCOUNT', OWNERS, first, last) + (resumed and 0 or 1) - request.allowed
  if request.allowed == 0 or excess <= 0 then
    return {}
  end
  local lost = {}
  for _, member in ipairs(call('ZRANGEBYLEX', OWNERS, first, last)) do
    local participant = string.sub(member, #request.owner + 2)
    local record = participant ~= former and read_record(participant)
    if record and record.x > 0 then
      lost[#lost + 1] = { id = participant, record = record }
    end
  end
  if excess > #lost then
    return nil
  end
  table.sort(lost, function(a, b) return a.record.x < b.record.x end)
  return { unpack(lost, 1, excess) }
end

local leaving = surplus()
if not leaving then
  return { -1 }
end

local replay = false
if resumed then
  id = former
  local got = call('HMGET', R, 'epoch', 'gap', 'seq', 'size', 'oldest')
  local size, oldest, gap = trimmed(tonumber(got[4]), tonumber(got[5]))
  gap = gap or tonumber(got[2])
  call('HSET', R, 'size', size, 'oldest', oldest, 'gap', gap)
  local seen = request.resume_seq
  if got[1] == request.resume_epoch and seen >= gap and seen <= tonumber(got[3]) then
    replay = entries_after(seen)
  end
  if one.c ~= request.connection then
    publish('T ' .. id .. ' ' .. one.c)
  end
  local present = one.o
  one.c, one.w, one.o, one.x = request.connection, request.worker, true, 0
  write_record(id, one)
  call('ZREM', DUE, id)
  if not present then
    appear(id, one)
  end
else
  one = {
    n = request.name, u = request.user, c = request.connection, h = request.token,
    w = request.worker, o = true, x = 0, d = request.data, k = request.owner,
  }
  write_record(id, one)
  if one.k ~= '' then
    call('ZADD', OWNERS, 0, one.k .. '\n' .. id)
  end
  call('HSET', PEOPLE, 't:' .. request.token, id)
  appear(id, one)
end
for _, other in ipairs(leaving) do
  forget(other.id, other.record)
  if other.record.o then
    disappear(other.id, other.record)
  end
end
expire(LIVE)
local room = call('HMGET', R, 'epoch', 'seq', 'doc', 'held')
return {
  1, id, one.n, room[1], tonumber(room[2]), room[3], room[4] or '',
  call('ZRANGE', PRESENT, 0, PAGE - 1), call('ZCARD', PRESENT), resumed and 1 or 0, replay, next_due(),
}

--- script: depart
-- `Broker.leave` and `Broker.drop`: ARGV[2] is leave, drop or at_once (a drop without grace).
local how, participant, connection = ARGV[2], ARGV[3], ARGV[4]
if not live() then
  return -1
end
local one = read_record(participant)
if not one or one.c ~= connection then
  return next_due()
end
if how == 'leave' then
  forget(participant, one)
  if one.o then
    disappear(participant, one)
  end
elseif one.o and how == 'drop' then
  lose(participant, one)
elseif one.o then
  one.o, one.x = false, now
  write_record(participant, one)
  call('ZADD', DUE, now + AGE, participant)
  call('PEXPIRE', DUE, LIVE)
  disappear(participant, one)
end
return next_due()

--- script: present
-- `Broker.present`: the data and the user of each participant, in the order in which they joined. As in
-- its record a user has a letter in front; '' for none.
local found = {}
for _, data in ipairs(call('ZRANGE', PRESENT, 0, -1)) do
  local one = read_record(cjson.decode(data).participant)
  found[#found + 1] = data
  found[#found + 1] = one and one.u or ''
end
return found

--- script: settle
-- End graces and make announcements that are due. Returns the time in ms until the next one.
if not live() then
  return -1
end
settle()
return next_due()
