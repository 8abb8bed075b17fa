-- `Broker.broadcast`: the message is kept for a while, for processes that are disconnected now.
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 256, '*', 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[1] .. ':events', 'M ' .. id .. ' ' .. ARGV[1])
return id
