-- How many envelopes of a campaign were canceled, and whether it is being canceled as a whole (1). KEYS[1] the campaign. ARGV: its name.
return {canceled(ARGV[1]), redis.call('HEXISTS', KEYS[1], 'canceling')}
