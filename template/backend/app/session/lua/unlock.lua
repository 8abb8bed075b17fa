-- `Broker.unlock` (ARGV[2] is the fence), or a wait for the lock that was given up (ARGV[3], its ticket).
local fence, ticket = ARGV[2], ARGV[3]
if not live() then
  return 0
end
if ticket ~= '' then
  call('ZREM', LOCKS, ticket)
end
local got = call('HMGET', R, 'fence', 'holder')
if got[2] and (got[1] == fence or got[2] == ticket) then
  pass_on()
end
return 0
