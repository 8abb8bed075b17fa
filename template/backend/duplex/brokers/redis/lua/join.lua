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
