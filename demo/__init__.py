"""The demonstration province and everything it shows."""
