-- Requests of participants: their claims and replies, and the lock of the document.

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

--- script: claim
-- `Broker.claim`: -1 unknown participant, 0 claimed, 1 another claim is open, 2 handled.
local participant, request, nonce = ARGV[2], ARGV[3], ARGV[4]
if call('HEXISTS', PEOPLE, 'p:' .. participant) == 0 then
  return { -1 }
end
local field = participant .. ' ' .. request
local open = call('HGET', OPEN, field)
if open then
  if string.sub(open, -2) ~= ' w' then
    call('HSET', OPEN, field, open .. ' w')
  end
  return { 1 }
end
trim_done(participant)
local reply = call('HGET', R .. ':done:' .. participant, 'i' .. request)
if reply then
  return { 2, reply }
end
call('HSET', OPEN, field, nonce)
call('PEXPIRE', OPEN, LIVE)
return { 0 }

--- script: release
-- `Broker.release`.
local field, nonce = ARGV[2], ARGV[3]
local open = call('HGET', OPEN, field)
if owns(open, nonce) then
  abandon_claim(field, open)
end
return 0

--- script: commit
-- `Broker.commit`: {-1} no such room, {-2} lock lost, {-3} claim lost,
-- {-4, field} another request holds it, {1, version, first number, ms, epoch}.
-- ARGV: 2 the commit (JSON), 3 the document, 4 the private reply, then the dump of each entry.
-- The commit: fence ('' without a document), epoch ('' for any), ends, entries (size, retain, state of
-- each); with a claim: participant, request, nonce ('' where this worker does not know it); with a reply:
-- reply (which entry it is, 0 for the private one), reply_size, settles (else the reply becomes the
-- outcome if the claim is not settled); endings (size, retain, state of each): entries that are appended if
-- the claim is abandoned, whose dumps follow those of the entries; holds (name, value of each, both JSON):
-- fields that the claim holds from now on; within (`<participant> <request>`): a claim that has to be open.
local commit = cjson.decode(ARGV[2])
local participant, request, reply = commit.participant, commit.request, commit.reply
local got = call('HMGET', R, 'version', 'fence', 'holder', 'epoch')
if not got[1] or (commit.epoch ~= '' and commit.epoch ~= got[4]) then
  return { -1 }
end
if commit.fence ~= '' and (got[2] ~= commit.fence or not got[3]) then
  return { -2 }
end
if participant and call('HEXISTS', PEOPLE, 'p:' .. participant) == 0 then
  -- The claim was in a room that ended; this one was opened again under its id.
  return { -1 }
end
if commit.within and not owns(call('HGET', OPEN, commit.within), commit.nonce) then
  return { -3 }
end
local field = participant and participant .. ' ' .. request
local open = (reply or commit.holds) and call('HGET', OPEN, field)
if reply and commit.nonce ~= '' and not owns(open, commit.nonce) then
  return { -3 }
end
if commit.holds and not owns(open, commit.nonce) then
  return { -3 }
end
for _, one in ipairs(commit.holds or {}) do
  local holder = holder_of(one.name)
  if holder and holder ~= field then
    return { -4, one.name }
  end
end

local version = tonumber(got[1])
if commit.fence ~= '' then
  version = version + 1
  call('HSET', R, 'doc', ARGV[3], 'version', version)
end
if commit.holds then
  hold(field, commit.holds)
end
if reply and commit.settles and call('HEXISTS', R, 'held') == 1 then
  unhold(field)
end
local entries = commit.entries
for i, entry in ipairs(entries) do
  entry.dump = ARGV[4 + i]
end
local first, epoch = 0, ''
if #entries > 0 or commit.ends then
  first, epoch = append(entries, commit.ends)
end
if reply and not commit.settles then
  -- A second claim finds the open one first. This record has no age: it expires with the others.
  local done = R .. ':done:' .. participant
  call('HSET', done, 'i' .. request, '0 ' .. ARGV[4])
  call('PEXPIRE', done, math.max(HANDLED, 1))
  local endings = commit.endings or {}
  for i, entry in ipairs(endings) do
    entry.dump = ARGV[4 + #entries + i]
  end
  if #endings > 0 then
    call('HSET', ENDINGS, field, cmsgpack.pack(endings))
    call('PEXPIRE', ENDINGS, LIVE)
  end
elseif reply then
  if open then
    close_claim(field, open)
  end
  call('HDEL', ENDINGS, field)
  local done, order = R .. ':done:' .. participant, R .. ':order:' .. participant
  local own = entries[reply]
  local dump, size = own and own.dump or ARGV[4], commit.reply_size
  call('HSET', done, 'i' .. request, (own and first + reply - 1 or 0) .. ' ' .. dump)
  call('RPUSH', order, now .. ' ' .. size .. ' ' .. request)
  call('HINCRBY', done, 'size', size)
  call('PEXPIRE', done, math.max(HANDLED, 1))
  call('PEXPIRE', order, math.max(HANDLED, 1))
  trim_done(participant)
end
if commit.ends then
  call('UNLINK', unpack(ALL))
end
return { 1, version, first, now, epoch }

--- script: lock
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
  local ends = tonumber(got[2] or 0)
  local longest = got[1] and tonumber(string.match(got[1], '%d+$'))
  if got[1] and ends > now + longest then
    -- The server's clock was set back.
    ends = now + longest
    call('HSET', R, 'until', ends)
  end
  return got[1], ends
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

--- script: unlock
-- `Broker.unlock`, or the end of a wait for the lock. ARGV[2] is the ticket.
local ticket = ARGV[2]
if not live() then
  return 0
end
call('ZREM', LOCKS, ticket)
if call('HGET', R, 'holder') == ticket then
  pass_on()
end
return 0
