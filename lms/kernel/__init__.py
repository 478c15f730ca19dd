"""The shared kernel: app, settings, clock, database, sign-in, layout; imports nothing of the house."""
