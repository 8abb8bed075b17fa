-- `Broker.unlock`, or the end of a wait for the lock. ARGV[2] is the ticket.
local ticket = ARGV[2]
if not live() then
  return 0
end
call('ZREM', LOCKS, ticket)
if call('HGET', R, 'holder') == ticket then
  pass_on()
end
return 0
