"""The way to a host: whom to connect to, the channel, the agent's conversation, plans run through it."""
