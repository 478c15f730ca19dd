"""Use cases of the platform: one function, one transaction."""
