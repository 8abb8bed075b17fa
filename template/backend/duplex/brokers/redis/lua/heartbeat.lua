-- Renew a worker's lease. KEYS[1]: the workers, KEYS[2]: this worker's rooms. ARGV: 1 worker, 2 lease (ms),
-- 3 how long both are kept (ms). {whether the lease had not run out, workers whose lease has}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local former = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { former and 1 or 0, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now) }
