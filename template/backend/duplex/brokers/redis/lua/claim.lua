-- `Broker.claim`: -1 unknown participant, 0 claimed, 1 another claim is open, 2 handled.
local participant, request, nonce = ARGV[2], ARGV[3], ARGV[4]
if call('HEXISTS', PEOPLE, 'p:' .. participant) == 0 then
  return { -1 }
end
local field = participant .. ' ' .. request
local open = call('HGET', OPEN, field)
if open then
  if string.sub(open, -2) ~= ' w' then
    call('HSET', OPEN, field, open .. ' w')
  end
  return { 1 }
end
trim_done(participant)
local reply = call('HGET', R .. ':done:' .. participant, 'i' .. request)
if reply then
  return { 2, reply }
end
call('HSET', OPEN, field, nonce)
call('PEXPIRE', OPEN, LIVE)
return { 0 }
