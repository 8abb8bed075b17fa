-- `Broker.leave` and `Broker.drop`: ARGV[2] is leave, drop or at_once (a drop without grace).
local how, participant, connection = ARGV[2], ARGV[3], ARGV[4]
if not live() then
  return -1
end
local one = read_record(participant)
if not one or one.c ~= connection then
  return next_due()
end
if how == 'leave' then
  forget(participant, one)
  if one.o then
    disappear(participant, one)
  end
elseif one.o and how == 'drop' then
  lose(participant, one)
elseif one.o then
  one.o, one.x = false, now
  write_record(participant, one)
  call('ZADD', DUE, now + AGE, participant)
  call('PEXPIRE', DUE, LIVE)
  disappear(participant, one)
end
return next_due()
