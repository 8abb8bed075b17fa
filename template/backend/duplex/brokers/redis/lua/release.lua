-- `Broker.release`.
local field, nonce = ARGV[2], ARGV[3]
local open = call('HGET', OPEN, field)
if owns(open, nonce) then
  abandon_claim(field, open)
end
return 0
