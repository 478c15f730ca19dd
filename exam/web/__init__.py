"""The pages of exam."""
