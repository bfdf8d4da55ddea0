-- Records an operation on a campaign that somebody is to carry on. KEYS: the operation, the operations that are not
-- over, the campaign. ARGV: id, kind, campaign, who has asked for it, the providers that cannot do it to a sent
-- envelope (with blanks between them). It is for the envelopes that the campaign has now. While one that cancels
-- is not over, none of them is invited; one that resumes ends the pause in the same step, as nobody else would bring back
-- what the pause has put away. Returns 1, or 0 when there is no such campaign.
local c = redis.call('HMGET', KEYS[3], 'created', 'seq')
if not c[1] then return 0 end
local last, at = c[2] or '0', now()
redis.call('HSET', KEYS[1], 'kind', ARGV[2], 'campaign', ARGV[3], 'by', ARGV[4], 'unable', ARGV[5], 'last', last, 'cursor', '', 'seen', 0,
  'done', 0, 'begun', at)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[2] == 'cancel' then
  local before = redis.call('HGET', KEYS[3], 'canceling')
  if not before or tonumber(before) < tonumber(last) then redis.call('HSET', KEYS[3], 'canceling', last) end
elseif ARGV[2] == 'resume' then go_on(ARGV[3], at)
end
return 1
