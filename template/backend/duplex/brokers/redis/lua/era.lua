-- The name space everything is kept in: a new one when the store is empty, or may have forgotten something.
-- ARGV: 1 the name of a new era, 2 this run of the server, 3 whether it forgets nothing when restarted.
local era, run = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if not era or (run ~= ARGV[2] and ARGV[3] ~= '1') then
  era = ARGV[1]
end
redis.call('SET', KEYS[1], era .. ' ' .. ARGV[2], 'PX', ARGV[4])
return era
