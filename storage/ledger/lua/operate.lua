-- Does an operation to a page of a campaign's envelopes and records how far it is, in one step: whoever goes on after
-- a crash begins with the next page, and nothing is done or counted twice.
-- KEYS: the operation, the operations that are not over, the campaign, then the envelopes.
-- ARGV: id, token, lease, the cursor of this page and of the next one (empty: there is none), how long until the sweeper
--       looks for a task, how many envelopes go ahead of all others, their lane, the lane of the rest, and whether this
--       is only to tell (1) whose tasks would be needed: nothing is changed then, but who is asked for by a reminder.
-- Returns lost, when another carries it on; or ok, and for each envelope that needs a task: key, provider, state, lane,
-- generation, version.
local at = now()
local id, token, lease, sweep, few = ARGV[1], ARGV[2], number(ARGV[3]), number(ARGV[6]), number(ARGV[7])
local only_tell, next_page = ARGV[10] == '1', text(ARGV[5])
local o = redis.call('HMGET', KEYS[1], 'token', 'cursor', 'done', 'kind', 'campaign', 'ended', 'last', 'unable', 'looked')
if o[1] ~= token or o[2] ~= ARGV[4] or o[6] then return {'lost'} end
local done, kind, campaign = tonumber(o[3]), o[4], o[5]
local unable = {}
for p in string.gmatch(o[8] or '', '%S+') do unable[p] = true end
-- An earlier ledger may have sent what this one calls queued: where the archive knows more of the campaign, or nobody
-- has looked, a worker finds that out.
local nobody_else = o[9] == '1' and redis.call('HGET', KEYS[3], 'younger') ~= '1'
local told = redis.call('EXISTS', P .. 'notify') == 1
local tasks, follow, refused, moved, blamed = {}, {}, {}, {}, {}
local runs, left = {}, {} -- of letters of states; out of indexes
local read = {'s', 'v', 'g', 'p', 'n', 'i', 'k', 'u', 'o', 'q', 'l', '2'}

local function own(key) return string.sub(key, #campaign + 2) end
local function refuse(word, key)
  local x = refused[word] or {n = 0, ids = {}}
  refused[word], x.n = x, x.n + 1
  if #x.ids < 100 then x.ids[#x.ids + 1] = own(key) end
end
local function put_blame(p, state, code, key, by)
  if not blames[state] then return end
  local field = p .. ' ' .. state .. ' ' .. (code or '')
  local x = blamed[field] or {p = p, state = state, code = code, n = 0}
  blamed[field], x.n, x.key = x, x.n + by, key
end
-- letter writes the state of the envelope with a number; those of a page follow each other.
local function letter(n, to)
  local run = runs[#runs]
  if not run or run.next ~= n then
    run = {first = n}
    runs[#runs + 1] = run
  end
  run[#run + 1], run.next = to, n + 1
end
-- leave takes an envelope out of the index that it stands in, see place in common.lua.
local function leave(key, h)
  local x = left[h.p] or {t = 0, w = {}, l = {}}
  left[h.p] = x
  if h.i == 't' then x.t = x.t + 1
  elseif h.i ~= 'n' then x[h.i][#x[h.i] + 1] = key end
end
-- change is what write.lua does, for many: what all envelopes have in common is counted, and written at the end.
local function change(e, key, h, x)
  local version, gen, to = h.v + 1, h.g + 1, x.to or h.s
  local set = x.set or {}
  local index = 'n'
  if x.task then index = h.k and 'w' or 'b' end -- what a worker holds is looked after, whatever becomes of the worker
  for _, v in ipairs({'v', version, 'g', gen, 's', to, 'i', index == 'b' and 't' or index}) do set[#set + 1] = v end
  redis.call('HSET', e, unpack(set))
  if index == 'w' then place(key, h, index, at + sweep) elseif h.i ~= index then leave(key, h) end
  if x.removed and #x.removed > 0 then redis.call('HDEL', e, unpack(x.removed)) end
  local code = h.o
  if x.code ~= nil then code = x.code or nil end
  if to ~= h.s then
    letter(tonumber(h.n), to)
    if h.s == 's' then await_reminder(key, nil) end
    if h.s == 's' or h.s == 'i' then redis.call('DEL', P .. 'links:' .. key) end -- as in shift; no others have any here
    local field = h.p .. ' ' .. h.s .. ' ' .. to
    moved[field] = moved[field] or {p = h.p, from = words[h.s], to = words[to], n = 0}
    moved[field].n = moved[field].n + 1
    if told then tell(key, words[to], version, at) end
  end
  if to ~= h.s or code ~= h.o then
    put_blame(h.p, words[h.s], h.o, key, -1)
    put_blame(h.p, words[to], code, key, 1)
  end
  if index == 'b' then
    local n = tonumber(h.n)
    local f = follow[h.p] or {n = 0, from = n, to = n}
    follow[h.p], f.n, f.from, f.to = f, f.n + 1, math.min(f.from, n), math.max(f.to, n)
  end
  if x.task then
    for _, v in ipairs({key, h.p, words[to], x.lane or '', tostring(gen), tostring(version)}) do tasks[#tasks + 1] = v end
  end
end
local function lane() return done < few and ARGV[8] or ARGV[9] end
local function steps(e)
  local list = {}
  for _, f in ipairs(redis.call('HKEYS', e)) do
    if string.sub(f, 1, 1) == '+' then list[#list + 1] = f end
  end
  return list
end
local trouble = {'r', 'o', 'E', 'd'}

local kinds = {}
-- cancel ends what nobody has begun; for all else it asks the workers, who see the wish before they invite.
function kinds.cancel(e, key, h)
  if h.s ~= 'q' and h.s ~= 'p' and h.s ~= 's' then return words[h.s] end
  if h.s == 's' and unable[h.p] then return 'unsupported ' .. h.p end
  if h.q == '1' then return nil end
  if h.s == 'q' and nobody_else and not (h.k and tonumber(h.u) > at) and #steps(e) == 0 then
    change(e, key, h, {to = 'k'})
  else
    change(e, key, h, {set = {'q', '1', 'l', lane()}, removed = {'d'}, task = true, lane = lane()})
  end
end
function kinds.retry(e, key, h)
  if h.s ~= 'f' then return words[h.s] end
  local to = h['2'] and 'c' or 'q'
  change(e, key, h, {to = to, set = {'l', lane()}, removed = trouble, code = false, task = true, lane = lane()})
  if h.o then redis.call('APPEND', P .. 'b:' .. key, section('X', '')) end
end
-- remind changes nothing but who was asked for: its tasks are put on the queue before this is recorded.
function kinds.remind(e, key, h)
  if h.s ~= 's' then return words[h.s] end
  if h.o == 'unnamed' or redis.call('HGET', e, 'x') == '1' then return 'unconfirmed' end
  if unable[h.p] then return 'unsupported ' .. h.p end
  if held_back(key, '0', id, at) then return 'reminded' end
  note_asked(key, '0', id, at)
  for _, v in ipairs({key, h.p, words[h.s], lane(), h.g, h.v}) do tasks[#tasks + 1] = v end
end
-- reminders places what is sent by the campaign's rule of reminders.
local rule = rule_of(campaign)
function kinds.reminders(e, key, h)
  if h.s ~= 's' then return words[h.s] end
  await_reminder(key, reminder_due(rule, e))
end
-- waits tells whether the sweeper is to look for an envelope only after a while: it waits for hours.
local function waits(key, h)
  if h.k and tonumber(h.u) > at then return false end
  local due = redis.call('ZSCORE', P .. indexes.w .. h.p, key)
  return due and tonumber(due) > at + 60000
end
-- resume brings back what the pause has put away; all else has its task, or its time.
function kinds.resume(e, key, h)
  if h.s ~= 'q' and h.s ~= 'p' then return words[h.s] end
  if h.i ~= 'n' and not (h.i == 'w' and waits(key, h)) then return words[h.s] end
  change(e, key, h, {task = true, lane = h.l or ''})
end
-- forget removes what is about people, and leaves what keeps an envelope from being sent again. What is left of the blob
-- are its files, its trace and, as long as it is the record's, its error. Of an archived envelope the blob stands in pieces
-- in the hash (lean.go), before what has been written since, and so does what is left of it.
local piece_fields = {}
for i = 1, 16 do piece_fields[i] = '#' .. string.char(96 + i) end
local function rest(key, pieces, keep)
  local left, i = {}, 1
  local b = pieces .. (redis.call('GET', P .. 'b:' .. key) or '')
  while i <= #b do
    local letter, n, from = string.match(b, '^(%a)%d(%d+):()', i)
    if not letter then error('the blob of ' .. key .. ' is not one of ours') end
    if keep[letter] then left[#left + 1] = string.sub(b, i, from + n - 1) end
    i = from + n
  end
  return table.concat(left)
end
local function forget(e, key, h, also)
  local over = h.s == 'a' or h.s == 'd' or h.s == 'x' or h.s == 'k'
  local undecided = h.s == 'f' or h.s == 'i' or (h.s == 's' and (h.o == 'not_there' or h.o == 'unnamed'))
  if not over and not (also and undecided) then return words[h.s] end
  local removed, pieces = steps(e), {}
  for i, piece in ipairs(redis.call('HMGET', e, unpack(piece_fields))) do pieces[i] = piece or '' end
  local pieced, set = pieces[1] ~= '', {'v', h.v + 1}
  local blob = rest(key, table.concat(pieces), {A = true, T = true, O = over})
  if pieced and #blob <= 64 * #piece_fields then
    for i, f in ipairs(piece_fields) do
      local piece = string.sub(blob, 64 * i - 63, 64 * i)
      if piece ~= '' then set[#set + 1], set[#set + 2] = f, piece
      elseif pieces[i] ~= '' then removed[#removed + 1] = f end
    end
    blob = ''
  elseif pieced then
    for i, f in ipairs(piece_fields) do removed[#removed + 1] = f end
  end
  local function keep_rest()
    if blob == '' then redis.call('DEL', P .. 'b:' .. key) else redis.call('SET', P .. 'b:' .. key, blob) end
  end
  if over then
    redis.call('HSET', e, unpack(set))
    if #removed > 0 then redis.call('HDEL', e, unpack(removed)) end
    keep_rest()
    return nil
  end
  for _, f in ipairs({'a', 'b', 'D', 'w', 'd', 'f', 'x', 'q', 'k', 'u'}) do removed[#removed + 1] = f end
  change(e, key, h, {to = 'k', removed = removed, code = 'forgotten',
    set = {'o', 'forgotten', 'E', 'its campaign was forgotten while it was ' .. words[h.s]}})
  keep_rest()
end
function kinds.forget(e, key, h) return forget(e, key, h, false) end
function kinds.forget_unfinished(e, key, h) return forget(e, key, h, true) end

local act = kinds[kind] or error('no such operation')
local seen, last = 0, #KEYS
if kind == 'resume' and redis.call('HGET', KEYS[3], 'paused') == '1' then last, next_page = 0, '' end -- paused again
for i = 4, last do
  local key = string.sub(KEYS[i], #P + 3)
  local h = load(KEYS[i], key, read)
  if h then
    seen = seen + 1
    local word = act(KEYS[i], key, h)
    if word then refuse(word, key) else done = done + 1 end
  end
end
if only_tell then return {'ok', tasks, {}} end

local batches = {}
for p, x in pairs(follow) do
  batches[#batches + 1], batches[#batches + 2] = p, batch(p, campaign, x.from, x.to, x.n, at + sweep)
end

for _, x in pairs(moved) do
  count(x.p, campaign, x.from, -x.n)
  count(x.p, campaign, x.to, x.n)
  course(campaign, x.from, x.to, at, x.n)
  redis.call('HSET', KEYS[3], 'changed', at)
  if x.to == 'canceled' and x.from ~= 'sent' then unkept(campaign, at) end
end
for _, run in ipairs(runs) do redis.call('SETRANGE', P .. 'state:' .. campaign, run.first, table.concat(run)) end
for p, x in pairs(left) do
  if x.t > 0 then redis.call('HINCRBY', P .. 'count:' .. p, 'carried', -x.t) end
  for _, i in ipairs({'w', 'l'}) do
    if #x[i] > 0 then redis.call('ZREM', P .. indexes[i] .. p, unpack(x[i])) end
  end
end
for _, x in pairs(blamed) do
  if x.n ~= 0 then blame(x.p, campaign, own(x.key), x.state, x.code, x.n) end
end
for word, x in pairs(refused) do
  local n = redis.call('HINCRBY', KEYS[1], 'n ' .. word, x.n)
  if n - x.n < 100 then
    local ids = redis.call('HGET', KEYS[1], 'ids ' .. word)
    for i = 1, math.min(#x.ids, 100 - (n - x.n)) do ids = (ids and ids .. ' ' or '') .. x.ids[i] end
    redis.call('HSET', KEYS[1], 'ids ' .. word, ids)
  end
end
redis.call('HSET', KEYS[1], 'done', done, 'cursor', next_page)
redis.call('HINCRBY', KEYS[1], 'seen', seen)
if next_page ~= '' then
  redis.call('ZADD', KEYS[2], 'XX', at + lease, id)
else
  redis.call('HSET', KEYS[1], 'ended', at)
  redis.call('HDEL', KEYS[1], 'token')
  redis.call('ZREM', KEYS[2], id)
  redis.call('EXPIRE', KEYS[1], 7 * 86400)
  if kind == 'forget' or kind == 'forget_unfinished' then redis.call('HSET', KEYS[3], 'forgotten', done) end
  if kind == 'cancel' and redis.call('HGET', KEYS[3], 'canceling') == o[7] then redis.call('HDEL', KEYS[3], 'canceling') end
end
return {'ok', tasks, batches}
