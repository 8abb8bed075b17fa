-- `Broker.present`: the data and the user of each participant, in the order in which they joined. As in
-- its record a user has a letter in front; '' for none.
local found = {}
for _, data in ipairs(call('ZRANGE', PRESENT, 0, -1)) do
  local one = read_record(cjson.decode(data).participant)
  found[#found + 1] = data
  found[#found + 1] = one and one.u or ''
end
return found
