-- Asks whether a provider may be called. KEYS[1] the provider.
-- Returns free | probe (its key was refused and the pause is over: this one call may try) | denied, and for how long.
return {admit(KEYS[1], now())}
