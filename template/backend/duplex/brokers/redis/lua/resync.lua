-- A worker was cut off and is back: what it still holds stays its own, all else of it is lost or free.
-- ARGV: 2 worker, 3 fence of the lock it holds or '', 4 participants here, then participant and
-- connection of each, then its open claims. {0} no such room, {1, ms until something is due, those who left,
-- those who resumed elsewhere}.
local worker, fence, count = ARGV[2], ARGV[3], tonumber(ARGV[4])
if not live() then
  return { 0 }
end
local missing, replaced, here, claims = {}, {}, {}, {}
for i = 5, 4 + 2 * count, 2 do
  here[ARGV[i]] = ARGV[i + 1]
end
for i = 5 + 2 * count, #ARGV do
  claims[ARGV[i]] = true
end
local people = call('HGETALL', PEOPLE)
for i = 1, #people, 2 do
  local participant = string.match(people[i], '^p:(.*)$')
  local one = participant and cmsgpack.unpack(people[i + 1])
  if one and one.o and here[participant] == one.c then
    here[participant] = nil
    one.w = worker
    write_one(participant, one)
    call('ZREM', DUE, participant)
  elseif one and one.o and here[participant] then
    here[participant] = nil
    replaced[#replaced + 1] = participant
  elseif one and one.w == worker and one.o and not call('ZSCORE', DUE, participant) then
    lose(participant)
  end
end
for participant in pairs(here) do
  missing[#missing + 1] = participant
end
local open = call('HGETALL', OPEN)
for i = 1, #open, 2 do
  local nonce = string.match(open[i + 1], '^%S+ %S+')
  if belongs(nonce, worker) and not claims[nonce] then
    close_claim(open[i], open[i + 1])
  end
end
local got = call('HMGET', R, 'fence', 'holder')
if got[2] and belongs(got[2], worker) and got[1] ~= fence then
  pass_on()
end
settle()
expire(call('ZCARD', PRESENT) > 0 and LIVE or AGE)
return { 1, next_due(), missing, replaced }
