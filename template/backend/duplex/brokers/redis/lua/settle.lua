-- End graces and make announcements that are due. Returns the time in ms until the next one.
if not live() then
  return -1
end
settle()
return next_due()
