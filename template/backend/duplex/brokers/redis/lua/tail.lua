-- What a follower of epoch ARGV[2] who has seen ARGV[3] missed: {0} no such room,
-- {1, epoch, seq, entries}; entries is nil where something that had to be kept is gone. No epoch: the
-- room was not live when it was looked at last, so all of it was missed; nor any number (-1): it
-- was never looked at, and is followed from now on.
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
