-- Open the room if needed, and be present in it: `Broker.join`.
local id, name, user, connection, token = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local resume_token, resume_epoch, resume_seq = ARGV[7], ARGV[8], tonumber(ARGV[9])
local seeded, seed, epoch, worker = ARGV[10] == '1', ARGV[11], ARGV[12], ARGV[13]
local data, joined, left, joined_size, left_size = ARGV[14], ARGV[15], ARGV[16], ARGV[17], ARGV[18]

if not live() then
  if not seeded then
    return { 0 }
  end
  -- Emptied under way, the store has or will have another era: in this one nobody would find the room.
  local base, era = string.match(R, '^(.-):(.-):{')
  if string.match(call('GET', base .. ':era') or '', '^%S*') ~= era then
    return redis.error_reply('FORMER this era is over')
  end
  call('UNLINK', unpack(ALL))
  call('HSET', R, 'epoch', epoch, 'doc', seed, 'seq', 0, 'gap', 0, 'size', 0, 'oldest', 0, 'version', 0)
  -- No lock of a room that ended under this id has its number.
  call('HSET', R, 'fence', now)
end
settle()

local former = resume_token ~= '' and call('HGET', PEOPLE, 't:' .. resume_token)
local one = former and read_one(former)
local replay = false
if one and one.u == user then
  id = former
  local got = call('HMGET', R, 'epoch', 'gap', 'seq', 'size', 'oldest')
  local size, oldest, gap = trimmed(tonumber(got[4]), tonumber(got[5]))
  gap = gap or tonumber(got[2])
  call('HSET', R, 'size', size, 'oldest', oldest, 'gap', gap)
  if got[1] == resume_epoch and resume_seq >= gap and resume_seq <= tonumber(got[3]) then
    replay = entries_after(resume_seq)
  end
  if one.c ~= connection then
    say('T ' .. id .. ' ' .. one.c)
  end
  local present = one.o
  one.c, one.w, one.o = connection, worker, true
  write_one(id, one)
  call('ZREM', DUE, id)
  if not present then
    tell_joined(one)
  end
else
  former = false
  one = { n = name, u = user, c = connection, h = token, w = worker, o = true, d = data }
  one.j, one.jz, one.l, one.lz = joined, tonumber(joined_size), left, tonumber(left_size)
  write_one(id, one)
  call('HSET', PEOPLE, 't:' .. token, id)
  tell_joined(one)
end
expire(LIVE)
local room = call('HMGET', R, 'epoch', 'seq', 'doc')
return {
  1, id, one.n, room[1], tonumber(room[2]), room[3],
  call('ZRANGE', PRESENT, 0, -1), former and 1 or 0, replay, next_due(),
}
