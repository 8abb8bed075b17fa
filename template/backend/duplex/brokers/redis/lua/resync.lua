-- A worker was disconnected and has returned: it keeps its holdings, everything else is lost or free.
-- ARGV[2] (JSON): worker, fence of the lock it holds or '', connected participants, open claims.
-- {0} no such room, {1, ms until something is due, participants who left, those who resumed elsewhere}.
local held = cjson.decode(ARGV[2])
if not live() then
  return { 0 }
end
local missing, replaced, claims = {}, {}, {}
local connected = held.connected
for _, nonce in ipairs(held.claims) do
  claims[nonce] = true
end
local people = call('HGETALL', PEOPLE)
for i = 1, #people, 2 do
  local participant = string.match(people[i], '^p:(.*)$')
  local one = participant and cmsgpack.unpack(people[i + 1])
  if one and one.o and connected[participant] == one.c then
    connected[participant] = nil
    one.w, one.x = held.worker, 0
    write_record(participant, one)
    call('ZREM', DUE, participant)
  elseif one and one.o and connected[participant] then
    connected[participant] = nil
    replaced[#replaced + 1] = participant
  elseif one and one.w == held.worker and one.o and not call('ZSCORE', DUE, participant) then
    lose(participant, one)
  end
end
for participant in pairs(connected) do
  missing[#missing + 1] = participant
end
local open = call('HGETALL', OPEN)
for i = 1, #open, 2 do
  local nonce = string.match(open[i + 1], '^%S+ %S+')
  if belongs(nonce, held.worker) and not claims[nonce] then
    abandon_claim(open[i], open[i + 1])
  end
end
local got = call('HMGET', R, 'fence', 'holder')
if got[2] and belongs(got[2], held.worker) and got[1] ~= held.fence then
  pass_on()
end
settle()
expire(call('ZCARD', PRESENT) > 0 and LIVE or AGE)
return { 1, next_due(), missing, replaced }
