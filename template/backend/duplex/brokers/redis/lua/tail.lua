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
