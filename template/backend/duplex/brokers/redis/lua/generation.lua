-- The generation, a prefix of all keys: a new one if the store is empty or may have lost a write.
-- ARGV: 1 the name of a new generation, 2 the server's run id, 3 whether a restart loses no writes,
-- 4 how long the name is kept (ms).
local name, run = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if not name or (run ~= ARGV[2] and ARGV[3] ~= '1') then
  name = ARGV[1]
end
redis.call('SET', KEYS[1], name .. ' ' .. ARGV[2], 'PX', ARGV[4])
return name
