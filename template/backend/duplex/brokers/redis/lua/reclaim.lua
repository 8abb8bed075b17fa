-- A worker (ARGV[2]) is dead: its participants are lost, its claims and its lock free.
local worker = ARGV[2]
if not live() then
  return -1
end
local people = call('HGETALL', PEOPLE)
for i = 1, #people, 2 do
  local participant = string.match(people[i], '^p:(.*)$')
  local one = participant and cmsgpack.unpack(people[i + 1])
  if one and one.w == worker then
    one.w = ''
    write_record(participant, one)
    if one.o and not call('ZSCORE', DUE, participant) then
      lose(participant, one)
    end
  end
end
local open = call('HGETALL', OPEN)
for i = 1, #open, 2 do
  if belongs(open[i + 1], worker) then
    abandon_claim(open[i], open[i + 1])
  end
end
local holder = call('HGET', R, 'holder')
if holder and belongs(holder, worker) then
  pass_on()
end
settle()
return next_due()
