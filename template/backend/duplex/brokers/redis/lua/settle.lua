-- A grace may be over, or an announcement due. ms until something is due.
if not live() then
  return -1
end
settle()
return next_due()
