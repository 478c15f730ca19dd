"""The use cases of media: one function, one transaction."""
