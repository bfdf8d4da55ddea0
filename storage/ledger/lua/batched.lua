-- Counts envelopes whose tasks are on the queue now. ARGV: provider, name of the batch ...
for i = 1, #ARGV, 2 do
  if redis.call('ZREM', P .. 'batches:' .. ARGV[i], text(ARGV[i + 1])) == 1 then
    redis.call('HINCRBY', P .. 'count:' .. ARGV[i], 'carried', (string.match(ARGV[i + 1], '^%d+')))
  end
end
return 1
