"""What the system and browser tests share: a real demo, a client for its API, made-up footage."""
