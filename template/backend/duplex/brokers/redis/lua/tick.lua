-- Somebody's grace may be over.
if not live() then
  return -1
end
settle()
return next_due()
