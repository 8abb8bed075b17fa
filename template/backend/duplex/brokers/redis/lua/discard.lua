-- `Broker.discard`.
if live() and call('ZCARD', PRESENT) == 0 then
  append({}, true)
  call('UNLINK', unpack(ALL))
end
return 0
