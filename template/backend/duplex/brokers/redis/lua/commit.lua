-- `Broker.commit`: {-1} no such room, {-2} lock lost, {-3} claim lost,
-- {-4, field} another request holds it, {1, version, first number, ms, epoch}.
-- ARGV: 2 the commit (JSON), 3 the document, 4 the private reply, then the dump of each entry.
-- The commit: fence ('' without a document), epoch ('' for any), ends, entries (size, retain, state of
-- each); with a claim: participant, request, nonce ('' where this worker does not know it); with a reply:
-- reply (which entry it is, 0 for the private one), reply_size, settles (else the reply becomes the
-- outcome if the claim is not settled); endings (size, retain, state of each): entries that are appended if
-- the claim is abandoned, whose dumps follow those of the entries; holds (name, value of each, both JSON):
-- fields that the claim holds from now on.
local commit = cjson.decode(ARGV[2])
local participant, request, reply = commit.participant, commit.request, commit.reply
local got = call('HMGET', R, 'version', 'fence', 'holder', 'epoch', 'held')
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
local field = participant and participant .. ' ' .. request
local open = (reply or commit.holds) and call('HGET', OPEN, field)
if reply and commit.nonce ~= '' and not owns(open, commit.nonce) then
  return { -3 }
end
for _, one in ipairs(commit.holds or {}) do
  local holder = holder_of(one.name)
  if not owns(open, commit.nonce) then
    return { -3 }
  elseif holder and holder ~= field then
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
if reply and commit.settles and got[5] then
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
