-- canceled counts a campaign's canceled envelopes. An older campaign counts since there is this count: it is only compared.
local function canceled(campaign)
  local n, counts = 0, redis.call('HGETALL', P .. 'counts:' .. campaign)
  for i = 1, #counts, 2 do
    if string.match(counts[i], ' canceled$') then n = n + counts[i + 1] end
  end
  return n
end
