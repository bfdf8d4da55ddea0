-- Asks for reminders of envelopes that somebody wants now. KEYS: the envelopes. ARGV: the signer's number (0: all), the
-- round; none: only to tell. Returns for each envelope whether it is held back (1), as one was asked for a minute ago.
local held, at = {}, now()
for i, e in ipairs(KEYS) do
  local key = string.sub(e, #P + 3)
  held[i] = held_back(key, ARGV[1], ARGV[2], at) and 1 or 0
  if held[i] == 0 and ARGV[2] ~= '' then note_asked(key, ARGV[1], ARGV[2], at) end
end
return held
