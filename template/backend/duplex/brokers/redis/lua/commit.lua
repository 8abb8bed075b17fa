-- `Broker.commit`: {-1} no such room, {-2} lock lost, {-3} claim lost, {1, version, first number, ms, epoch}.
-- ARGV: 2 fence or '', 3 document, 4 participant, 5 request id, 6 its claim or '', 7 which entry is the reply
-- (0: the private one in 8, of size 9; -1: none), 10 whether the room ends, 11 whether the reply settles the claim
-- (else it is the outcome if the claim is not settled), 12 the epoch it was made in or '' for any, then dump, size,
-- retain, state of each.
local fence, participant, request, nonce = ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local reply, ends, settles = tonumber(ARGV[7]), ARGV[10] == '1', ARGV[11] == '1'
local got = call('HMGET', R, 'version', 'fence', 'holder', 'epoch')
if not got[1] or (ARGV[12] ~= '' and ARGV[12] ~= got[4]) then
  return { -1 }
end
if fence ~= '' and (got[2] ~= fence or not got[3]) then
  return { -2 }
end
if participant ~= '' and call('HEXISTS', PEOPLE, 'p:' .. participant) == 0 then
  -- It claimed in a room that ended; this one was opened under its id.
  return { -1 }
end
local field = participant .. ' ' .. request
local open = reply >= 0 and call('HGET', OPEN, field)
if nonce ~= '' and not owns(open, nonce) then
  return { -3 }
end

local version = tonumber(got[1])
if fence ~= '' then
  version = version + 1
  call('HSET', R, 'doc', ARGV[3], 'version', version)
end
local entries = {}
for i = 13, #ARGV, 4 do
  entries[#entries + 1] = {
    dump = ARGV[i], size = tonumber(ARGV[i + 1]), retain = ARGV[i + 2], state = ARGV[i + 3],
  }
end
local first, epoch = 0, ''
if #entries > 0 or ends then
  first, epoch = append(entries, ends)
end
if reply >= 0 and not settles then
  -- A second claim sees the open one first. Without an age of its own, it goes with the rest.
  local done = R .. ':done:' .. participant
  call('HSET', done, 'i' .. request, '0 ' .. ARGV[8])
  call('PEXPIRE', done, math.max(HANDLED, 1))
elseif reply >= 0 then
  if open then
    close_claim(field, open)
  end
  if call('HEXISTS', PEOPLE, 'p:' .. participant) == 1 then
    local done, order = R .. ':done:' .. participant, R .. ':order:' .. participant
    local own = entries[reply]
    local dump, size = own and own.dump or ARGV[8], own and own.size or tonumber(ARGV[9])
    call('HSET', done, 'i' .. request, (own and first + reply - 1 or 0) .. ' ' .. dump)
    call('RPUSH', order, now .. ' ' .. size .. ' ' .. request)
    call('HINCRBY', done, 'size', size)
    call('PEXPIRE', done, math.max(HANDLED, 1))
    call('PEXPIRE', order, math.max(HANDLED, 1))
    trim_done(participant)
  end
end
if ends then
  call('UNLINK', unpack(ALL))
end
return { 1, version, first, now, epoch }
