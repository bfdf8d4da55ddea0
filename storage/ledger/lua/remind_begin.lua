-- Begins, or goes on with, a round of reminders of one envelope. KEYS[1] the envelope. ARGV: key, round, when it was due by
-- its campaign's rule (0: somebody asks for it), how long a round may take.
-- Returns ok | paused: its campaign is, and the round goes on after that | over: nobody is to be reminded in this round.
local e, key, round, due, within = KEYS[1], ARGV[1], text(ARGV[2]), number(ARGV[3]), number(ARGV[4])
local h, at = load(e, key), now()
if not h or h.s ~= 's' then return 'over' end
local v = redis.call('HMGET', e, 'G', 'J', 'j', 'x')
local begun, paused = v[1] == round, due > 0 and redis.call('HGET', P .. 'campaign:' .. parts(key), 'paused') == '1'
if begun then
  if at - v[2] >= within then return 'over' end
  return paused and 'paused' or 'ok'
end
if paused or not h.e or v[4] == '1' then return 'over' end -- under this id somebody else's may be
local rule = rule_of(parts(key))
if due > 0 and (h.q == '1' or reminder_due(rule, e) ~= due) then return 'over' end
if due > 0 then note_asked(key, '0', round, at) end
redis.call('HSET', e, 'j', (v[3] or 0) + 1, 'J', at, 'G', round)
if rule then await_reminder(key, reminder_due(rule, e)) end
return 'ok'
