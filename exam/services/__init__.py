"""The use cases of exam: one function, one transaction."""
