"""Tables and every SQL statement of exam."""
